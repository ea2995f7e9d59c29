# LibTorch as imported targets of our own: TorchConfig.cmake of a CUDA build wants the whole CUDA toolkit.
# AIDP_TORCH_DIR names a torch folder with include/ and lib/; else the virtual environment that scripts/setup made.
set(AIDP_TORCH_DIR "$ENV{AIDP_TORCH_DIR}" CACHE PATH "LibTorch: a folder with include/ and lib/")
set(torch_dir "${AIDP_TORCH_DIR}")
if(NOT torch_dir)
  file(GLOB torch_dir ${PROJECT_SOURCE_DIR}/.deps/venv/lib/python3*/site-packages/torch)
endif()
if(NOT EXISTS "${torch_dir}/lib/libtorch_cpu.so")
  message(FATAL_ERROR "No LibTorch in '${torch_dir}': run scripts/setup, or name its folder by AIDP_TORCH_DIR")
endif()
set(AIDP_TORCH_LIB ${torch_dir}/lib CACHE INTERNAL "")

add_library(aidp_torch INTERFACE)
target_include_directories(aidp_torch SYSTEM INTERFACE ${torch_dir}/include ${torch_dir}/include/torch/csrc/api/include)
foreach(part torch torch_cpu c10)
  add_library(aidp_torch_${part} SHARED IMPORTED)
  set_target_properties(aidp_torch_${part} PROPERTIES IMPORTED_LOCATION ${torch_dir}/lib/lib${part}.so)
  target_link_libraries(aidp_torch INTERFACE aidp_torch_${part})
endforeach()
# CUDA's kernels register themselves when their library is loaded; no symbol of it is named, so the linker would drop it.
if(EXISTS ${torch_dir}/lib/libtorch_cuda.so)
  target_link_libraries(aidp_torch INTERFACE "-Wl,--push-state,--no-as-needed,${torch_dir}/lib/libtorch_cuda.so,${torch_dir}/lib/libc10_cuda.so,--pop-state")
  # A machine that builds need not have NVIDIA's own libraries (cuDNN, cuBLAS...), which libtorch_cuda finds where it runs.
  target_link_options(aidp_torch INTERFACE -Wl,--allow-shlib-undefined)
endif()
target_link_options(aidp_torch INTERFACE -Wl,-rpath-link,${torch_dir}/lib)
