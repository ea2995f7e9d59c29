# cmake --install, and a .deb by CPack: aidp, its workers, man pages, completion, examples, templates. LibTorch is found by the path that it had
# at build time, or comes along in lib/aidp with -DAIDP_BUNDLE_TORCH=ON.
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
install(TARGETS aidp-worker-dicom aidp-worker-model RUNTIME DESTINATION libexec/aidp)
file(GLOB pages_1 ${PROJECT_SOURCE_DIR}/man/*.1)
install(FILES ${pages_1} DESTINATION share/man/man1)
install(FILES ${PROJECT_SOURCE_DIR}/man/aidp-manifest.5 DESTINATION share/man/man5)
install(FILES ${PROJECT_SOURCE_DIR}/man/aidp.7 DESTINATION share/man/man7)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/manifests DESTINATION share/aidp)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/jobs/templates DESTINATION share/aidp)
install(CODE "execute_process(COMMAND $<TARGET_FILE:aidp> --generate bash OUTPUT_FILE ${PROJECT_BINARY_DIR}/aidp.bash COMMAND_ERROR_IS_FATAL ANY)")
install(FILES ${PROJECT_BINARY_DIR}/aidp.bash DESTINATION share/bash-completion/completions RENAME aidp)

install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION share/doc/aidp RENAME copyright)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_CONTACT "the aidp project")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${AIDP_TORCH_LIB})
set(CPACK_STRIP_FILES ON)
include(CPack)
