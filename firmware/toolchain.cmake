# Arm's bare-metal GCC, whose driver compiles C++ as well. What CMake would find out by compiling test programs is
# stated: that costs more than the build.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR arm)
foreach(language C CXX)
    set(CMAKE_${language}_COMPILER ${BENCH_COMPILER})
    set(CMAKE_${language}_COMPILER_ID GNU)
    set(CMAKE_${language}_COMPILER_ID_RUN TRUE)
    set(CMAKE_${language}_COMPILER_VERSION ${BENCH_COMPILER_VERSION})
    set(CMAKE_${language}_COMPILER_FORCED TRUE)
    set(CMAKE_${language}_STANDARD_COMPUTED_DEFAULT 17)
    set(CMAKE_${language}_EXTENSIONS_COMPUTED_DEFAULT ON)
endforeach()
