#include "tern/tools/main.hpp"

int main(int argc, char** argv) { return tern::tools::main(argc, argv); }
