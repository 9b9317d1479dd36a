#pragma once
// At most one leader a leadership term, and a member that led a term never leads an earlier one.
//
// A leader is a member in one incarnation: what a restarted member leads it must have won anew, and
// so in a new term. Findings are one line and name both leaders. Times in nanoseconds. No thread
// safety.

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace tern::sim {

struct Leader {
    std::int32_t member = 0;
    std::int32_t incarnation = 0;  ///< how often the member was started before
    bool operator==(const Leader&) const = default;
};

class LeadershipChecker {
  public:
    static constexpr std::size_t kMaxTerms = 4096;  ///< remembered: the latest

    /// Seen at any time while the leader leads, as often as wanted.
    [[nodiscard]] std::optional<std::string> leads(Leader leader, std::int64_t leadership_term_id,
                                                   std::int64_t now_ns);

  private:
    struct Term {
        Leader leader;
        std::int64_t since_ns;
    };
    std::map<std::int64_t, Term> terms_;
    std::map<std::int32_t, std::int64_t> last_led_;  // term, by member
};

}  // namespace tern::sim
