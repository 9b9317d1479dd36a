#pragma once
// How far apart those at work on a stream are: publisher, sender, receiver, subscribers. In the
// words of upstream's BacklogStat (TLG-3.1), and as JSON. All values are bytes of the stream.

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tern/tools/stat/stream_counters.hpp"

namespace tern::tools {

/// Of a publisher, sender or receiver; a counter that is missing counts as 0.
struct BacklogParty {
    std::int64_t registration_id = 0;
    std::int64_t position = 0;
    std::int64_t limit = 0;  ///< of publisher and sender; the receiver's high water mark
};

struct Backlog {
    using Party = BacklogParty;
    struct Subscriber {
        std::int64_t registration_id = 0;
        std::int64_t position = 0;
    };

    StreamName name;
    std::optional<Party> publisher;
    std::optional<Party> sender;
    std::optional<Party> receiver;
    std::vector<Subscriber> subscribers;  ///< ascending by registration id
};

[[nodiscard]] std::vector<Backlog> backlogs_of(std::span<const Stream> streams);

/// A paragraph for each stream.
[[nodiscard]] std::string backlog_text(std::span<const Backlog> backlogs);

/// [{"session_id":0,"stream_id":0,"channel":"","publisher":{"registration_id":0,"position":0,
///   "limit":0,"window":0},"sender":{...,"to_send":0},"receiver":{"registration_id":0,
///   "position":0,"high_water_mark":0},"subscribers":[{"registration_id":0,"position":0,
///   "backlog":0}]}], null for what the stream does not have. The backlog of a subscriber is null
/// where there is no receiver to compare it with (IPC, spies).
[[nodiscard]] nlohmann::ordered_json backlog_json(std::span<const Backlog> backlogs);

}  // namespace tern::tools
