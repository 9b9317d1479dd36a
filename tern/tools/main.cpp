#include "tern/tools/main.hpp"

#include "tern/tools/command.hpp"

namespace tern::tools {

int main(int argc, char** argv, const std::vector<AddCommand>& more) {
    CLI::App app{"Tern: the Aeron stack in native C++", "tern"};
    app.require_subcommand(1);
    int exit_code = kExitSuccess;
    add_demo_command(app, exit_code);
    add_driver_command(app, exit_code);
    add_node_command(app, exit_code);
    add_ping_command(app, exit_code);
    add_pong_command(app, exit_code);
    add_publish_command(app, exit_code);
    add_subscribe_command(app, exit_code);
    add_stat_command(app, exit_code);
    add_errors_command(app, exit_code);
    add_loss_command(app, exit_code);
    add_streams_command(app, exit_code);
    add_backlog_command(app, exit_code);
    add_cluster_tool_command(app, exit_code);
    add_bench_command(app, exit_code);
    for (const AddCommand add : more) add(app, exit_code);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? kExitSuccess : kExitUsage;
    }
    return exit_code;
}

}  // namespace tern::tools
