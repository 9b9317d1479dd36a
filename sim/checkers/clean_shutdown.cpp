#include "sim/checkers/clean_shutdown.hpp"

#include <iterator>

namespace tern::sim {

std::vector<std::string> check_clean_shutdown(NodeProcess& node, NodeOperator& node_operator) {
    std::vector<std::string> findings = node.findings();
    const auto append = [&](std::vector<std::string> lines) {
        findings.insert(findings.end(), std::make_move_iterator(lines.begin()),
                        std::make_move_iterator(lines.end()));
    };
    append(node_operator.moved_error_counters());
    append(node_operator.error_log_entries());
    return findings;
}

}  // namespace tern::sim
