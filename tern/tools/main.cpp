#include "tern/tools/main.hpp"

#include <CLI/CLI.hpp>

namespace tern::tools {

int main(int argc, char** argv) {
    CLI::App app{"Tern: a native Aeron stack"};
    CLI11_PARSE(app, argc, argv);
    return 0;
}

}  // namespace tern::tools
