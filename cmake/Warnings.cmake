# aidp_library(NAME SOURCES...): a static library of one folder, with the project's warnings and include root.
function(aidp_library name)
  add_library(${name} STATIC ${ARGN})
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR})
  aidp_warnings(${name})
endfunction()

function(aidp_warnings name)
  target_compile_options(${name} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual)
  # g++ 12 reports string operator+ as overlapping memcpy (GCC bug 105651).
  target_compile_options(${name} PRIVATE -Wno-restrict)
  if(AIDP_WARNINGS_AS_ERRORS)
    target_compile_options(${name} PRIVATE -Werror)
  endif()
endfunction()
