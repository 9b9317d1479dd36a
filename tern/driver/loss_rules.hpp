#pragma once
// Rules by which datagrams are lost on purpose: upstream's `loss`, `fixed-loss` and
// `multi-gap-loss` interceptors, which its tests drive a driver with (DSR-18.2).
//
// A rule keeps state: one for each socket. Thread safety: used by one thread at a time.

#include <memory>
#include <string>
#include <vector>

#include "tern/base/bytes.hpp"

namespace tern::driver {

/// What is configured. Arguments are `key=value` joined by '|'; unknown keys are ignored.
struct LossConfig {
    std::string interceptors = {};  ///< names, joined by ','; the last sees a datagram first
    std::string loss_args = {};
    std::string fixed_loss_args = {};
    std::string multi_gap_loss_args = {};
};

class LossRule {
  public:
    virtual ~LossRule() = default;
    [[nodiscard]] virtual bool loses(ConstBytes datagram) = 0;
};

/// In the order in which they see a datagram. Throws ConfigurationError on what it does not know.
[[nodiscard]] std::vector<std::unique_ptr<LossRule>> make_loss_rules(const LossConfig& config);

}  // namespace tern::driver
