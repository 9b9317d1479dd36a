# tern_room(NAME USES libs...): the library tern_NAME of tern/NAME, and the unit tests that stand
# beside its sources as NAME_tests. Files named *_test.cpp are tests, all other *.cpp the room.
include_guard()
set(TERN_ROOT ${CMAKE_CURRENT_SOURCE_DIR})

function(tern_test_target name)
    target_link_libraries(${name} PRIVATE GTest::gmock GTest::gtest_main)
    target_compile_definitions(${name} PRIVATE
        TERN_SOURCE_DIR="${TERN_ROOT}" TERN_BINARY="$<TARGET_FILE:tern>")
    set_property(GLOBAL APPEND PROPERTY TERN_TEST_TARGETS ${name})
endfunction()

function(tern_room name)
    cmake_parse_arguments(ROOM "" "" "USES" ${ARGN})
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${TERN_ROOT}/tern/${name}/*.cpp)
    set(tests ${sources})
    list(FILTER sources EXCLUDE REGEX "_test\\.cpp$")
    list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
    if(sources)
        add_library(tern_${name} STATIC ${sources})
        target_include_directories(tern_${name} PUBLIC ${TERN_ROOT})
        target_link_libraries(tern_${name} PUBLIC ${ROOM_USES})
    else()
        add_library(tern_${name} INTERFACE)
        target_include_directories(tern_${name} INTERFACE ${TERN_ROOT})
        target_link_libraries(tern_${name} INTERFACE ${ROOM_USES})
    endif()
    if(tests)
        add_executable(${name}_tests ${tests})
        target_link_libraries(${name}_tests PRIVATE tern_${name})
        tern_test_target(${name}_tests)
    endif()
endfunction()

# What the suites below share: tests/support, as a library.
function(tern_test_support)
    file(GLOB sources CONFIGURE_DEPENDS ${TERN_ROOT}/tests/support/*.cpp)
    add_library(tern_test_support STATIC ${sources})
    target_link_libraries(tern_test_support PUBLIC tern_tools GTest::gmock GTest::gtest)
    target_compile_definitions(tern_test_support PRIVATE TERN_BINARY="$<TARGET_FILE:tern>")
endfunction()

# tern_harness(DIR USES libs...): the library tern_DIR of what several test programs use: all *.cpp
# under DIR that are not tests.
function(tern_harness dir)
    cmake_parse_arguments(HARNESS "" "" "USES" ${ARGN})
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${TERN_ROOT}/${dir}/*.cpp)
    list(FILTER sources EXCLUDE REGEX "_test\\.cpp$")
    add_library(tern_${dir} STATIC ${sources})
    target_include_directories(tern_${dir} PUBLIC ${TERN_ROOT})
    target_link_libraries(tern_${dir} PUBLIC ${HARNESS_USES})
endfunction()

# tern_test_suite(NAME DIR dir USES libs...): one test program of the *.cpp under dir; where dir is
# a harness as well, of its *_test.cpp.
function(tern_test_suite name)
    cmake_parse_arguments(SUITE "" "DIR" "USES" ${ARGN})
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${TERN_ROOT}/${SUITE_DIR}/*.cpp)
    if(TARGET tern_${SUITE_DIR})
        list(FILTER sources INCLUDE REGEX "_test\\.cpp$")
    endif()
    if(sources)
        add_executable(${name} ${sources})
        target_include_directories(${name} PRIVATE ${TERN_ROOT})
        target_link_libraries(${name} PRIVATE ${SUITE_USES})
        tern_test_target(${name})
        add_dependencies(${name} tern)
    endif()
endfunction()
