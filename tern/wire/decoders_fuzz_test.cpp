// Random and damaged bytes into every decoder of this room: whatever they say, they read nothing
// outside the bytes (the address sanitizer watches) and what they return lies inside.

#include <gtest/gtest.h>

#include <cstdint>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "tern/wire/archive_messages.hpp"
#include "tern/wire/channel_uri.hpp"
#include "tern/wire/cluster_messages.hpp"
#include "tern/wire/commands.hpp"
#include "tern/wire/hex_test_support.hpp"
#include "tern/wire/mark_messages.hpp"
#include "tern/wire/resolution_frames.hpp"
#include "tern/wire/responses.hpp"
#include "tern/wire/udp_frames.hpp"

namespace tern::wire {
namespace {

using Buffer = std::vector<std::byte>;

constexpr std::uint64_t kSeed = 20240607;
constexpr int kRandomRounds = 20'000;
constexpr int kDamagesPerVector = 60;

/// Checks that everything a message refers to lies in the bytes it was decoded from.
class StaysInside {
  public:
    explicit StaysInside(ConstBytes bytes) : bytes_(bytes) {}
    template <typename Field>
    void operator()(std::string_view, const Field&, std::uint16_t = 0) {}
    void at(std::size_t) {}
    void data(std::string_view, ConstBytes value, std::uint16_t = 0) {
        if (value.empty()) return;
        EXPECT_GE(value.data(), bytes_.data());
        EXPECT_LE(value.data() + value.size(), bytes_.data() + bytes_.size());
    }
    void data(std::string_view name, std::string_view text, std::uint16_t = 0) {
        data(name, as_bytes(text));
    }
    template <typename Entry>
    void group(std::string_view, const Group<Entry>& entries) {
        for (const Entry& entry : entries) Entry::fields(entry, *this);
    }

  private:
    ConstBytes bytes_;
};

template <typename Message>
void try_decode(ConstBytes bytes) {
    if (const auto message = decode<Message>(bytes)) {
        StaysInside inside(bytes);
        Message::fields(*message, inside);
    }
}

template <typename... Messages>
void try_all(ConstBytes bytes) {
    (try_decode<Messages>(bytes), ...);
}

void try_sbe(ConstBytes bytes) {
    try_all<archive::ControlResponse, archive::AuthConnectRequest, archive::ReplicateRequest2,
            archive::BoundedReplayRequest, archive::RecordingDescriptor,
            archive::ListRecordingSubscriptionsRequest, archive::RecordingSignalEvent,
            cluster::SessionConnectRequest, cluster::SessionEvent, cluster::SessionOpenEvent,
            cluster::AdminRequest, cluster::JoinLog, cluster::ClusterMembersExtendedResponse,
            cluster::NewLeadershipTerm, cluster::AppendPosition, cluster::BackupResponse,
            cluster::StandbySnapshot, cluster::SnapshotRecordings, cluster::ClusterSession,
            mark::ArchiveMarkHeader, mark::ClusterMarkHeader, node_state::ClusterMembers,
            node_state::CandidateTerm>(bytes);
}

template <typename... Messages>
void try_records(ConstBytes bytes) {
    (static_cast<void>(Messages::decode(bytes)), ...);
}

void try_everything_else(ConstBytes bytes) {
    try_records<ClientCommand, AddPublication, RemovePublication, AddSubscription, RemoveResource,
                DestinationCommand, RemoveDestinationById, AddCounter, AddStaticCounter,
                RejectImage, GetNextAvailableSessionId, TerminateDriver, ErrorResponse, ImageReady,
                PublicationReady, OperationSucceeded, ImageUnavailable, SubscriptionReady,
                CounterUpdate, ClientTimeout, NextAvailableSessionId, PublicationErrorResponse>(
        bytes);
    static_cast<void>(decode_frame_header(bytes));
    static_cast<void>(decode_setup(bytes));
    static_cast<void>(decode_nak(bytes));
    static_cast<void>(decode_status_message(bytes));
    static_cast<void>(decode_rttm(bytes));
    static_cast<void>(decode_error(bytes));
    static_cast<void>(decode_response_setup(bytes));
    ResolutionReader reader(bytes);
    while (reader.next()) {
    }
}

// Small numbers and the edges of lengths are more often where decoders go wrong than others.
std::byte odd_byte(std::mt19937_64& random) {
    constexpr std::array<int, 6> kOdd{0x00, 0x01, 0x7F, 0x80, 0xFE, 0xFF};
    return static_cast<std::byte>(random() % 2 == 0 ? kOdd[random() % kOdd.size()]
                                                    : static_cast<int>(random() % 256));
}

TEST(DecodersFuzz, RandomBytes) {
    std::mt19937_64 random(kSeed);
    for (int round = 0; round < kRandomRounds; ++round) {
        Buffer bytes(random() % 120);
        for (std::byte& each : bytes) each = odd_byte(random);
        if (bytes.size() >= kFrameHeaderLength && random() % 2 == 0) {
            store(bytes.data(), FrameHeader{static_cast<std::int32_t>(random() % 130), 0, 0,
                                            static_cast<std::uint16_t>(random() % 12)});
        }
        try_everything_else(bytes);
        try_sbe(bytes);
    }
}

TEST(DecodersFuzz, DamagedMessages) {
    std::ifstream file(TERN_SOURCE_DIR "/../shared/golden/sbe.jsonl");
    ASSERT_TRUE(file);
    std::mt19937_64 random(kSeed);
    for (std::string line; std::getline(file, line);) {
        const Buffer golden =
            testing::from_hex(nlohmann::json::parse(line)["hex"].get<std::string>());
        if (golden.size() > 2000) continue;
        for (int round = 0; round < kDamagesPerVector; ++round) {
            Buffer bytes = golden;
            for (auto count = random() % 4 + 1; count > 0; --count) {
                bytes[random() % bytes.size()] = odd_byte(random);
            }
            if (random() % 3 == 0) bytes.resize(random() % bytes.size());
            bytes.shrink_to_fit();
            try_sbe(bytes);
        }
    }
}

TEST(DecodersFuzz, ChannelUris) {
    constexpr std::string_view kAlphabet = "aeron:-spyudpic?|==tagsession-id0123456789,[]{}%/";
    std::mt19937_64 random(kSeed);
    for (int round = 0; round < kRandomRounds; ++round) {
        std::string text =
            random() % 2 == 0 ? "aeron:udp?tags=1|endpoint=h:0" : "aeron-spy:aeron:ipc?";
        for (auto count = random() % 40; count > 0; --count) {
            const std::size_t at = random() % (text.size() + 1);
            text.insert(at, 1, kAlphabet[random() % kAlphabet.size()]);
        }
        try {
            const auto uri = ChannelUri::parse(text);
            EXPECT_EQ(uri, ChannelUri::parse(uri.to_string())) << text;
            static_cast<void>(recording_subscription_key(1, uri));
            static_cast<void>(uri.entity_tag());
            static_cast<void>(strip_channel(uri));
        } catch (const ChannelUriError&) {
        }
    }
}

}  // namespace
}  // namespace tern::wire
