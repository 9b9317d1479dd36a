// Commands and responses against the bytes that upstream's own flyweights write, and against what
// a running upstream driver left in its broadcast buffer.

#include <gtest/gtest.h>

#include <cstdint>
#include <fstream>
#include <regex>
#include <string>
#include <vector>

#include "tern/wire/commands.hpp"
#include "tern/wire/hex_test_support.hpp"
#include "tern/wire/responses.hpp"

namespace tern::wire {
namespace {

using testing::from_hex;
using testing::to_hex;

constexpr std::string_view kChannel = "aeron:udp?endpoint=localhost:40123";
constexpr std::size_t kLegacyRemovePublicationLength = 24;

template <typename Message>
std::string encoded(const Message& message) {
    std::vector<std::byte> bytes(message.encoded_length(), std::byte{0xEE});
    EXPECT_EQ(bytes.size(), message.encode(bytes));
    std::vector<std::byte> too_short(bytes.size() - 1);
    EXPECT_EQ(0U, message.encode(too_short));
    return to_hex(bytes);
}

/// `hex` is what upstream writes for `message`.
template <typename Message>
void check(std::string_view hex, const Message& message) {
    EXPECT_EQ(hex, encoded(message));
    const auto bytes = from_hex(hex);
    const auto decoded = Message::decode(bytes);
    ASSERT_TRUE(decoded);
    EXPECT_EQ(hex, encoded(*decoded));
    for (std::size_t length = 0; length < bytes.size(); ++length) {
        // Exactly so long an allocation, for the address sanitizer.
        const std::vector<std::byte> cut(bytes.begin(),
                                         bytes.begin() + static_cast<std::ptrdiff_t>(length));
        const bool legacy =
            std::is_same_v<Message, RemovePublication> && length == kLegacyRemovePublicationLength;
        EXPECT_EQ(legacy, Message::decode(cut).has_value()) << length;
    }
}

TEST(Commands, AreUpstreamsBytes) {
    check("0b00000000000000ffffffffffffffff", ClientCommand{.client_id = 11, .correlation_id = -1});
    check(
        "0b000000000000001600000000000000e9030000220000006165726f6e3a7564703f656e64706f69"
        "6e743d6c6f63616c686f73743a3430313233",
        AddPublication{
            .client_id = 11, .correlation_id = 22, .stream_id = 1001, .channel = kChannel});
    check("0b00000000000000160000000000000021000000000000000100000000000000",
          RemovePublication{.client_id = 11,
                            .correlation_id = 22,
                            .registration_id = 33,
                            .flags = RemovePublication::kRevoke});
    check(
        "0b000000000000001600000000000000ffffffffffffffffe9030000220000006165726f6e3a7564"
        "703f656e64706f696e743d6c6f63616c686f73743a3430313233",
        AddSubscription{
            .client_id = 11, .correlation_id = 22, .stream_id = 1001, .channel = kChannel});
    check("0b0000000000000016000000000000002100000000000000",
          RemoveResource{.client_id = 11, .correlation_id = 22, .registration_id = 33});
    check(
        "0b0000000000000016000000000000002100000000000000220000006165726f6e3a7564703f656e"
        "64706f696e743d6c6f63616c686f73743a3430313233",
        DestinationCommand{
            .client_id = 11, .correlation_id = 22, .registration_id = 33, .channel = kChannel});
    check("0b00000000000000160000000000000021000000000000002c00000000000000",
          RemoveDestinationById{.client_id = 11,
                                .correlation_id = 22,
                                .registration_id = 33,
                                .destination_registration_id = 44});
    check(
        "0b000000000000001600000000000000dc050000050000006b65793435000000050000006c616265"
        "6c",
        AddCounter{.client_id = 11,
                   .correlation_id = 22,
                   .type_id = 1500,
                   .key = as_bytes("key45"),
                   .label = "label"});
    check(
        "0b0000000000000016000000000000000903000000000000dc050000050000006b65793435000000"
        "050000006c6162656c",
        AddStaticCounter{.client_id = 11,
                         .correlation_id = 22,
                         .registration_id = 777,
                         .type_id = 1500,
                         .key = as_bytes("key45"),
                         .label = "label"});
    check(
        "0b0000000000000016000000000000002100000000000000001000000000000007000000676f2061"
        "776179",
        RejectImage{.client_id = 11,
                    .correlation_id = 22,
                    .image_correlation_id = 33,
                    .position = 4096,
                    .reason = "go away"});
    check("0b000000000000001600000000000000e9030000",
          GetNextAvailableSessionId{.client_id = 11, .correlation_id = 22, .stream_id = 1001});
    check("0b00000000000000ffffffffffffffff06000000736563726574",
          TerminateDriver{.client_id = 11, .token = as_bytes("secret")});
}

TEST(Responses, AreUpstreamsBytes) {
    check("16000000000000000100000003000000626164",
          ErrorResponse{.offending_correlation_id = 22, .error_code = 1, .message = "bad"});
    check(
        "1600000000000000fbffffffe903000021000000000000000700000005000000612e6c6f67000000"
        "0b0000003132372e302e302e313a39",
        ImageReady{.correlation_id = 22,
                   .session_id = -5,
                   .stream_id = 1001,
                   .subscription_registration_id = 33,
                   .subscriber_position_id = 7,
                   .log_file_name = "a.log",
                   .source_identity = "127.0.0.1:9"});
    check(
        "16000000000000002100000000000000fbffffffe9030000070000000800000005000000612e6c6f"
        "67",
        PublicationReady{.correlation_id = 22,
                         .registration_id = 33,
                         .session_id = -5,
                         .stream_id = 1001,
                         .position_limit_counter_id = 7,
                         .channel_status_counter_id = 8,
                         .log_file_name = "a.log"});
    check("1600000000000000", OperationSucceeded{.correlation_id = 22});
    check("16000000000000002100000000000000e9030000090000006165726f6e3a697063",
          ImageUnavailable{.correlation_id = 22,
                           .subscription_registration_id = 33,
                           .stream_id = 1001,
                           .channel = "aeron:ipc"});
    check("160000000000000008000000",
          SubscriptionReady{.correlation_id = 22, .channel_status_counter_id = 8});
    check("160000000000000008000000", CounterUpdate{.correlation_id = 22, .counter_id = 8});
    check("0b00000000000000", ClientTimeout{.client_id = 11});
    check("1600000000000000fbffffff",
          NextAvailableSessionId{.correlation_id = 22, .session_id = -5});
    check(
        "21000000000000002c00000000000000fbffffffe903000037000000000000004200000000000000"
        "0100d7110a0102030000000000000000000000000d00000007000000676f2061776179",
        PublicationErrorResponse{
            .registration_id = 33,
            .destination_registration_id = 44,
            .session_id = -5,
            .stream_id = 1001,
            .receiver_id = 55,
            .group_tag = 66,
            .address_type = PublicationErrorResponse::kIpv4,
            .source_port = 4567,
            .source_address = {std::byte{10}, std::byte{1}, std::byte{2}, std::byte{3}},
            .error_code = 13,
            .message = "go away"});
}

TEST(Commands, RemovePublicationOfAnOldClientHasNoFlags) {
    const auto bytes = from_hex("0b00000000000000160000000000000021000000000000000100000000000000");
    const auto legacy =
        RemovePublication::decode(ConstBytes(bytes).first(kLegacyRemovePublicationLength));
    ASSERT_TRUE(legacy);
    EXPECT_EQ(33, legacy->registration_id);
    EXPECT_FALSE(legacy->revoke());
    EXPECT_TRUE(RemovePublication::decode(bytes)->revoke());
}

TEST(Commands, ShortRejectionsArePaddedToWhatTheUpstreamDriverWants) {
    EXPECT_EQ(40U, RejectImage{.reason = "no"}.encoded_length());
    EXPECT_EQ(72U, PublicationErrorResponse{}.encoded_length());
    std::vector<std::byte> bytes(40, std::byte{0xEE});
    ASSERT_EQ(40U, (RejectImage{.reason = "no"}.encode(bytes)));
    EXPECT_EQ("no", RejectImage::decode(bytes)->reason);
    EXPECT_EQ(std::byte{0}, bytes.back());
}

TEST(Commands, InnerLengthsAreNeverTrusted) {
    auto bytes = from_hex("0b000000000000001600000000000000dc050000050000006b65793435000000");
    bytes.resize(bytes.size() + 9);
    constexpr std::size_t kKeyLengthAt = 20;
    constexpr std::size_t kLabelLengthAt = 32;
    for (const std::int32_t length : {-1, INT32_MIN, INT32_MAX, 1000}) {
        auto bad_key = bytes;
        store(bad_key.data() + kKeyLengthAt, length);
        EXPECT_EQ(Malformed::bad_length, AddCounter::decode(bad_key).error());
        auto bad_label = bytes;
        store(bad_label.data() + kLabelLengthAt, length);
        EXPECT_EQ(Malformed::bad_length, AddCounter::decode(bad_label).error());
    }
    auto key_up_to_the_end = bytes;
    store(key_up_to_the_end.data() + kKeyLengthAt, std::int32_t{17});
    EXPECT_EQ(Malformed::too_short, AddCounter::decode(key_up_to_the_end).error());
}

TEST(Commands, TextIsAscii) {
    const std::string channel = "aeron:udp?alias=\xC3\xA9";
    std::vector<std::byte> bytes(AddPublication{.channel = channel}.encoded_length());
    ASSERT_EQ(bytes.size(), (AddPublication{.channel = channel}.encode(bytes)));
    EXPECT_EQ("aeron:udp?alias=??", AddPublication::decode(bytes)->channel);
}

template <typename Message>
std::string again(ConstBytes record) {
    const auto message = Message::decode(record);
    return message ? encoded(*message) : std::string("malformed");
}

std::string decoded_and_encoded_again(std::int32_t type, ConstBytes record) {
    switch (static_cast<ResponseId>(type)) {
        case ResponseId::on_error:
            return again<ErrorResponse>(record);
        case ResponseId::on_available_image:
            return again<ImageReady>(record);
        case ResponseId::on_publication_ready:
        case ResponseId::on_exclusive_publication_ready:
            return again<PublicationReady>(record);
        case ResponseId::on_subscription_ready:
            return again<SubscriptionReady>(record);
        case ResponseId::on_counter_ready:
        case ResponseId::on_static_counter:
            return again<CounterUpdate>(record);
        default:
            return "not expected in these files";
    }
}

class UpstreamDriver : public ::testing::TestWithParam<const char*> {};

TEST_P(UpstreamDriver, BroadcastsWhatWeReadAndWrite) {
    std::ifstream file(std::string(TERN_SOURCE_DIR "/../shared/golden/shm/") + GetParam() +
                       "/cnc.dat.decoded.txt");
    ASSERT_TRUE(file);
    const std::regex pattern("  at \\d+: length=\\d+ type=0x(\\w+) payload=(\\w+)");
    int count = 0;
    for (std::string line; std::getline(file, line);) {
        std::smatch match;
        if (!std::regex_match(line, match, pattern)) continue;
        const int type = std::stoi(match[1].str(), nullptr, 16);
        std::string expected = match[2].str();
        const auto record = from_hex(expected);
        if (type == static_cast<int>(ResponseId::on_available_image)) {
            // The padding behind the file name is whatever upstream had there; ours is zero.
            const auto image = ImageReady::decode(record);
            ASSERT_TRUE(image);
            EXPECT_TRUE(image->log_file_name.ends_with(".logbuffer"));
            for (std::size_t i = 32 + image->log_file_name.size(); i % 4 != 0; ++i) {
                expected.replace(2 * i, 2, "00");
            }
        }
        EXPECT_EQ(expected, decoded_and_encoded_again(type, record));
        ++count;
    }
    EXPECT_EQ(11, count);
}

INSTANTIATE_TEST_SUITE_P(Both, UpstreamDriver, ::testing::Values("c", "java"));

}  // namespace
}  // namespace tern::wire
