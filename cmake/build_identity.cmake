# cmake -DSOURCE_DIR=… -DOUTPUT=… -P build_identity.cmake: writes the header OUTPUT with a hash of what the program is made
# of, and touches it only if that has changed. Two builds of the same sources are the same program to a rollout; any other
# build is a new one, and begins "stable" anew.
file(GLOB_RECURSE files RELATIVE ${SOURCE_DIR} ${SOURCE_DIR}/src/* ${SOURCE_DIR}/examples/*)
list(SORT files)
set(hashes "")
foreach(file IN LISTS files ITEMS CMakeLists.txt)
  file(SHA256 ${SOURCE_DIR}/${file} hash)
  string(APPEND hashes "${file} ${hash}\n")
endforeach()
string(SHA256 identity "${hashes}")
string(SUBSTRING ${identity} 0 12 identity)
file(CONFIGURE OUTPUT ${OUTPUT} CONTENT "// Made by cmake/build_identity.cmake.
#pragma once
#define CALLRAMP_BUILD_IDENTITY \"${identity}\"
")
