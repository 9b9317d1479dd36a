#pragma once
// Nothing is left to say after a shutdown: the founding bug's checker (CST-13, CST-14).
//
//   the error logs of driver, archive, module and container, read from their files, are empty
//   no counter of errors has moved
//   every control session of the archive ended by its own close request
//   the node ended for no other reason than it was asked to

#include <string>
#include <vector>

#include "sim/harness/node_operator.hpp"
#include "sim/harness/node_process.hpp"

namespace tern::sim {

/// After the node has closed, before it starts again; one line for each finding.
[[nodiscard]] std::vector<std::string> check_clean_shutdown(NodeProcess& node,
                                                            NodeOperator& node_operator);

}  // namespace tern::sim
