# cmake --install, and a .deb by CPack (scripts/package): aidp, its workers, man pages, completion, examples, units. LibTorch comes along in
# lib/aidp; with -DAIDP_BUNDLE_TORCH=OFF it is found by the path that it had at build time.
set(torch_rpath ${AIDP_TORCH_LIB})
if(AIDP_BUNDLE_TORCH)
  # The folders lie to each other as in a wheel, whose libraries find NVIDIA's at $ORIGIN/../../nvidia.
  set(torch_rpath "$ORIGIN/../../lib/aidp/torch/lib")
  set(torch_libraries)
  foreach(part torch torch_cpu c10 gomp torch_cuda torch_cuda_linalg torch_nvshmem c10_cuda caffe2_nvrtc)
    file(GLOB found ${AIDP_TORCH_LIB}/lib${part}.so* ${AIDP_TORCH_LIB}/lib${part}-*.so*)
    list(APPEND torch_libraries ${found})
  endforeach()
  install(FILES ${torch_libraries} DESTINATION lib/aidp/torch/lib)
  get_filename_component(python_packages ${AIDP_TORCH_LIB}/../.. ABSOLUTE)
  if(EXISTS ${AIDP_TORCH_LIB}/libtorch_cuda.so AND EXISTS ${python_packages}/nvidia)
    # Not the parts of NVSHMEM and cuFile for clusters, which need libraries of theirs.
    install(DIRECTORY ${python_packages}/nvidia DESTINATION lib/aidp FILES_MATCHING PATTERN "*.so*" PATTERN include EXCLUDE
            PATTERN "nvshmem_*" EXCLUDE PATTERN "libcufile_rdma*" EXCLUDE)
  endif()
  # Its licence asks to come along.
  file(GLOB torch_licences ${python_packages}/torch-*.dist-info/licenses/LICENSE ${python_packages}/torch-*.dist-info/LICENSE
       ${python_packages}/torch-*.dist-info/NOTICE)
  install(FILES ${torch_licences} DESTINATION share/doc/aidp/libtorch)
endif()
set_target_properties(aidp-worker-model PROPERTIES INSTALL_RPATH "${torch_rpath}")
install(TARGETS aidp RUNTIME DESTINATION bin)
install(TARGETS aidp-worker-dicom aidp-worker-writer aidp-worker-model RUNTIME DESTINATION libexec/aidp)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/manifests DESTINATION share/aidp)
install(FILES ${PROJECT_SOURCE_DIR}/jobs/templates/aidp.cron DESTINATION share/doc/aidp/examples)
install(FILES ${PROJECT_SOURCE_DIR}/README.md DESTINATION share/doc/aidp)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/docs/ DESTINATION share/doc/aidp FILES_MATCHING PATTERN "*.md")
file(READ ${PROJECT_SOURCE_DIR}/LICENSE licence)
file(WRITE ${PROJECT_BINARY_DIR}/copyright
     "Copyright: the authors of aidp\n\n${licence}\nOn Debian systems the text of the licence is in /usr/share/common-licenses/Apache-2.0\n")
install(FILES ${PROJECT_BINARY_DIR}/copyright DESTINATION share/doc/aidp)

set(aidp_program ${PROJECT_BINARY_DIR}/bin/aidp)
configure_file(${PROJECT_SOURCE_DIR}/cmake/install.cmake.in ${PROJECT_BINARY_DIR}/install.cmake @ONLY)
install(SCRIPT ${PROJECT_BINARY_DIR}/install.cmake)
# The last rule: CMake writes a list of what it installed into the folder of the configuration, which a copied build tree must not touch.
install(CODE "if(NOT CMAKE_CURRENT_LIST_DIR STREQUAL \"${PROJECT_BINARY_DIR}\")\n  return()\nendif()")

set(CPACK_GENERATOR DEB)
set(CPACK_INSTALL_CMAKE_PROJECTS "\${CMAKE_CURRENT_LIST_DIR};aidp;ALL;/") # of the build tree where cpack runs, also if that is a copy
set(CPACK_PACKAGE_CONTACT "the aidp project")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION "A hospital network installs a vendor's model once as a package, known by
its content. aidp selects the series that the model is for, decodes them,
runs the model on CPU or GPU, writes the results, keeps an audit log that
reveals any later change, and reports how the models perform.")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_COMPRESSION_TYPE zstd)
set(CPACK_DEBIAN_PACKAGE_DEPENDS adduser)
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "default-mta | mail-transport-agent")
file(GLOB CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${PROJECT_SOURCE_DIR}/cmake/debian/*)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${AIDP_TORCH_LIB})
set(CPACK_STRIP_FILES ON)
include(CPack)
