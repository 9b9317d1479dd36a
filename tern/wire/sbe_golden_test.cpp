// Every message of upstream's five SBE schemas: upstream's own bytes are decoded and compared with
// what upstream says they mean, and encoded again and compared with the bytes.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <fstream>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "tern/wire/archive_messages.hpp"
#include "tern/wire/cluster_messages.hpp"
#include "tern/wire/hex_test_support.hpp"
#include "tern/wire/mark_messages.hpp"
#include "tern/wire/sbe.hpp"

namespace tern::wire {
namespace {

using Json = nlohmann::ordered_json;
using Buffer = std::vector<std::byte>;
using testing::from_hex;
using testing::to_hex;

constexpr const char* kGoldenFile = TERN_SOURCE_DIR "/../shared/golden/sbe.jsonl";

constexpr std::int64_t null_of(std::int64_t) { return kNullInt64; }
constexpr std::int32_t null_of(std::int32_t) { return kNullInt32; }
constexpr std::uint8_t null_of(std::uint8_t) { return kNullUint8; }
constexpr std::int8_t null_of(std::int8_t) { return kNullInt8; }

/// A message as golden's `fields` writes it. `initial` is the same message without values: an
/// integer that has its initial value and is expected to be null is shown as null, because the
/// initial value is what null reads as.
class ToJson {
  public:
    explicit ToJson(const Json& expected) : expected_(expected) {}

    template <typename Field>
    void operator()(std::string_view name, const Field& value, std::uint16_t = 0) {
        const std::string key(name);
        if constexpr (std::is_enum_v<Field>) {
            if (value == Field::null) {
                json[key] = nullptr;
            } else {
                json[key] = {{"name", std::string(to_string(value))},
                             {"value", static_cast<std::int32_t>(value)}};
            }
        } else {
            const bool null =
                value == null_of(value) || (expected_.contains(key) && expected_[key].is_null() &&
                                            (value == 0 || value == static_cast<Field>(-1)));
            if (null) {
                json[key] = nullptr;
            } else if constexpr (sizeof(Field) == 8) {
                json[key] = std::to_string(value);
            } else {
                json[key] = value;
            }
        }
    }
    void at(std::size_t) {}
    void data(std::string_view name, std::string_view text, std::uint16_t = 0) {
        const std::string key(name);
        const bool null = text.empty() && expected_.contains(key) && expected_[key].is_null();
        json[key] = null ? Json(nullptr) : Json(std::string(text));
    }
    void data(std::string_view name, ConstBytes bytes, std::uint16_t = 0) {
        const std::string key(name);
        const bool null = bytes.empty() && expected_.contains(key) && expected_[key].is_null();
        json[key] = null ? Json(nullptr) : Json{{"hex", to_hex(bytes)}};
    }
    template <typename Entry>
    void group(std::string_view name, const Group<Entry>& entries) {
        const std::string key(name);
        json[key] = Json::array();
        for (const Entry& entry : entries) {
            ToJson visit(expected_[key][json[key].size()]);
            Entry::fields(entry, visit);
            json[key].push_back(visit.json);
        }
    }

    Json json = Json::object();

  private:
    const Json& expected_;
};

struct Result {
    Json fields;
    std::string hex;
};

template <typename Message>
Result run(const Buffer& bytes, const Json& expected) {
    const auto message = decode<Message>(bytes);
    if (!message) return {Json(std::string(to_string(message.error()))), ""};
    ToJson visit(expected);
    Message::fields(*message, visit);
    Buffer again(encoded_length(*message), std::byte{0xEE});
    EXPECT_EQ(again.size(), encode(again, *message));
    Buffer too_short(again.size() - 1);
    EXPECT_EQ(0U, encode(too_short, *message));
    return {visit.json, to_hex(again)};
}

using Id = std::pair<int, int>;
using Runner = Result (*)(const Buffer&, const Json&);

template <typename... Messages>
std::map<Id, Runner> runners_of() {
    return {{Id{Messages::kId.schema.id, Messages::kId.id}, &run<Messages>}...};
}

std::map<Id, Runner> all_runners() {
    using namespace archive;
    auto all = runners_of<
        ControlResponse, ConnectRequest, CloseSessionRequest, StartRecordingRequest,
        StopRecordingRequest, ReplayRequest, StopReplayRequest, ListRecordingsRequest,
        ListRecordingsForUriRequest, ListRecordingRequest, ExtendRecordingRequest,
        RecordingPositionRequest, TruncateRecordingRequest, StopRecordingSubscriptionRequest,
        StopPositionRequest, FindLastMatchingRecordingRequest, ListRecordingSubscriptionsRequest,
        BoundedReplayRequest, StopAllReplaysRequest, CatalogHeader, RecordingDescriptorHeader,
        RecordingDescriptor, RecordingSubscriptionDescriptor, RecordingSignalEvent,
        ReplicateRequest, StopReplicationRequest, StartPositionRequest, DetachSegmentsRequest,
        DeleteDetachedSegmentsRequest, PurgeSegmentsRequest, AttachSegmentsRequest,
        MigrateSegmentsRequest, AuthConnectRequest, Challenge, ChallengeResponse, KeepAliveRequest,
        TaggedReplicateRequest, StartRecordingRequest2, ExtendRecordingRequest2,
        StopRecordingByIdentityRequest, ReplicateRequest2, MaxRecordedPositionRequest,
        ArchiveIdRequest, RecordingStarted, RecordingProgress, RecordingStopped,
        PurgeRecordingRequest, ReplayTokenRequest, Ping, UpdateChannelRequest>();
    all.merge(
        runners_of<cluster::SessionMessageHeader, cluster::SessionEvent,
                   cluster::SessionConnectRequest, cluster::SessionCloseRequest,
                   cluster::SessionKeepAlive, cluster::NewLeaderEvent, cluster::Challenge,
                   cluster::ChallengeResponse, cluster::AdminRequest, cluster::AdminResponse,
                   cluster::TimerEvent, cluster::SessionOpenEvent, cluster::SessionCloseEvent,
                   cluster::ClusterActionRequest, cluster::NewLeadershipTermEvent,
                   cluster::MembershipChangeEvent, cluster::CloseSession, cluster::ScheduleTimer,
                   cluster::CancelTimer, cluster::ServiceAck, cluster::ClusterMembersQuery,
                   cluster::RemoveMember, cluster::JoinLog, cluster::ClusterMembersResponse,
                   cluster::ServiceTerminationPosition, cluster::ClusterMembersExtendedResponse,
                   cluster::RequestServiceAck, cluster::CanvassPosition, cluster::RequestVote,
                   cluster::Vote, cluster::NewLeadershipTerm, cluster::AppendPosition,
                   cluster::CommitPosition, cluster::CatchupPosition, cluster::StopCatchup,
                   cluster::TerminationPosition, cluster::TerminationAck, cluster::BackupQuery,
                   cluster::BackupResponse, cluster::HeartbeatRequest, cluster::HeartbeatResponse,
                   cluster::StandbySnapshot, cluster::AddPassiveMember,
                   cluster::ClusterMembersChange, cluster::SnapshotRecordingQuery,
                   cluster::SnapshotRecordings, cluster::JoinCluster, cluster::SnapshotMarker,
                   cluster::ClientSession, cluster::ClusterSession, cluster::Timer,
                   cluster::ConsensusModule, cluster::ClusterMembers,
                   cluster::PendingMessageTracker>());
    all.merge(
        runners_of<mark::ArchiveMarkHeader, mark::ClusterMarkHeader, node_state::FileHeader,
                   node_state::CandidateTerm, node_state::ClusterMembers, node_state::Footer>());
    return all;
}

void for_each_vector(const std::function<void(const Json&)>& handle) {
    std::ifstream file(kGoldenFile);
    ASSERT_TRUE(file) << kGoldenFile;
    for (std::string line; std::getline(file, line);) handle(Json::parse(line));
}

Id id_of(const Json& vector) {
    return {vector["schema"].get<int>(), vector["template"].get<int>()};
}

TEST(SbeGolden, DecodesWhatUpstreamEncodedAndEncodesTheSameBytes) {
    const auto runners = all_runners();
    std::set<Id> seen;
    for_each_vector([&](const Json& vector) {
        const auto found = runners.find(id_of(vector));
        ASSERT_NE(runners.end(), found) << vector["message"];
        seen.insert(found->first);
        const Json& expected = vector["fields"];
        const Result result = found->second(from_hex(vector["hex"].get<std::string>()), expected);
        EXPECT_EQ(expected, result.fields) << vector["message"] << " " << vector["case"];
        if (!vector["case"].get<std::string>().starts_with("older")) {
            EXPECT_EQ(vector["hex"].get<std::string>(), result.hex) << vector["message"];
        }
    });
    EXPECT_EQ(runners.size(), seen.size());
}

// A peer of a newer version: a longer block, more var data behind what we know.
TEST(SbeGolden, SkipsWhatANewerWriterAdded) {
    const auto runners = all_runners();
    for_each_vector([&](const Json& vector) {
        if (vector["schema"] == 112 || vector["case"].get<std::string>().starts_with("older"))
            return;
        Buffer bytes = from_hex(vector["hex"].get<std::string>());
        const auto header = *MessageHeader::read(bytes);
        auto newer = header;
        newer.version = static_cast<std::uint16_t>(header.version + 1);
        newer.block_length = static_cast<std::uint16_t>(header.block_length + 5);
        store(bytes.data(), newer);
        bytes.insert(bytes.begin() + MessageHeader::kLength + header.block_length, 5,
                     std::byte{0xAB});
        bytes.insert(bytes.end(), 3, std::byte{0xCD});
        const Result result = runners.at(id_of(vector))(bytes, vector["fields"]);
        EXPECT_EQ(vector["fields"], result.fields) << vector["message"];
    });
}

TEST(SbeGolden, RefusesEveryTruncation) {
    const auto runners = all_runners();
    for_each_vector([&](const Json& vector) {
        const Buffer bytes = from_hex(vector["hex"].get<std::string>());
        if (bytes.size() > 400) return;
        for (std::size_t length = 0; length < bytes.size(); ++length) {
            // Exactly so long an allocation, for the address sanitizer.
            const Buffer cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(length));
            const Result result = runners.at(id_of(vector))(cut, vector["fields"]);
            EXPECT_TRUE(result.fields.is_string()) << vector["message"] << " cut to " << length;
        }
    });
}

}  // namespace
}  // namespace tern::wire
