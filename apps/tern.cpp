#include "sim/command/sim_command.hpp"
#include "tern/tools/main.hpp"

int main(int argc, char** argv) {
    return tern::tools::main(argc, argv, {tern::sim::add_sim_command});
}
