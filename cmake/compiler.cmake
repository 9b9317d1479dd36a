# Warnings at the strictest setting, as errors; sanitizers, LTO and the linker as options.
add_compile_options(
    -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wold-style-cast
    -Wcast-qual -Wcast-align -Wnon-virtual-dtor -Woverloaded-virtual -Wnull-dereference
    -Wimplicit-fallthrough -Wundef -Wformat=2 -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # GCC 12 reports these inside its own standard library once it inlines.
    add_compile_options(-Wno-null-dereference -Wno-array-bounds -Wno-stringop-overflow
                        -Wno-stringop-overread -Wno-restrict -Wno-maybe-uninitialized
                        -Wduplicated-cond -Wlogical-op)
elseif(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    # libstdc++ hides <expected> from a compiler that claims less of concepts than GCC does; what it
    # needs of them, Clang 16 has.
    add_compile_options(-U__cpp_concepts -D__cpp_concepts=202002L -Wno-builtin-macro-redefined)
endif()
add_compile_options(-fno-omit-frame-pointer)

if(TERN_PLANTED_FAULTS)
    add_compile_definitions(TERN_PLANTED_FAULTS=1)
endif()

if(TERN_SANITIZE)
    add_compile_options(-fsanitize=${TERN_SANITIZE} -fno-sanitize-recover=all)
    add_link_options(-fsanitize=${TERN_SANITIZE})
endif()

if(TERN_LTO)
    set(CMAKE_INTERPROCEDURAL_OPTIMIZATION ON)
    add_compile_options(-flto=auto)
    add_link_options(-flto=auto)
else()
    find_program(TERN_MOLD mold)
    if(TERN_MOLD)
        add_link_options(-fuse-ld=mold)
    endif()
endif()

find_program(TERN_CCACHE ccache)
if(TERN_CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER ${TERN_CCACHE})
endif()
