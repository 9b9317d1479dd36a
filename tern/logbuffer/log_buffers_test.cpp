#include "tern/logbuffer/log_buffers.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tern/base/error.hpp"
#include "tern/logbuffer/log_unblocker.hpp"
#include "tern/logbuffer/testing/test_log.hpp"

namespace tern::logbuffer {
namespace {

using memory::testing::AlignedBytes;
using testing::kTermLength;
using testing::TestLog;

/// The meta.* lines of a .decoded.txt up to the default header, made with our view.
std::vector<std::string> metadata_lines(const LogBuffers& log) {
    const LogMetadata& m = log.metadata();
    std::vector<std::string> lines;
    for (std::int32_t i = 0; i < kPartitionCount; ++i) {
        lines.push_back(fmt::format("meta.tail[{}]={} (term_id {}, term_offset {})", i,
                                    m.raw_tail(i), tail_term_id(m.raw_tail(i)),
                                    m.raw_tail(i) & 0xFFFF'FFFF));
    }
    const auto add = [&lines](std::string_view name, std::int64_t value) {
        lines.push_back(fmt::format("meta.{}={}", name, value));
    };
    add("active_term_count", m.active_term_count());
    add("end_of_stream_position", m.end_of_stream_position());
    add("is_connected", m.is_connected());
    add("active_transport_count", m.active_transport_count());
    add("correlation_id", m.correlation_id);
    add("initial_term_id", m.initial_term_id);
    add("default_frame_header_length", m.default_frame_header_length);
    add("mtu_length", m.mtu_length);
    add("term_length", m.term_length);
    add("page_size", m.page_size);
    add("publication_window_length", m.publication_window_length);
    add("receiver_window_length", m.receiver_window_length);
    add("socket_sndbuf_length", m.socket_sndbuf_length);
    add("os_default_socket_sndbuf_length", m.os_default_socket_sndbuf_length);
    add("os_max_socket_sndbuf_length", m.os_max_socket_sndbuf_length);
    add("socket_rcvbuf_length", m.socket_rcvbuf_length);
    add("os_default_socket_rcvbuf_length", m.os_default_socket_rcvbuf_length);
    add("os_max_socket_rcvbuf_length", m.os_max_socket_rcvbuf_length);
    add("max_resend", m.max_resend);
    add("entity_tag", m.entity_tag);
    add("response_correlation_id", m.response_correlation_id);
    add("linger_timeout_ns", m.linger_timeout_ns);
    add("untethered_window_limit_timeout_ns", m.untethered_window_limit_timeout_ns);
    add("untethered_resting_timeout_ns", m.untethered_resting_timeout_ns);
    add("group", m.group);
    add("is_response", m.is_response);
    add("rejoin", m.rejoin);
    add("reliable", m.reliable);
    add("sparse", m.sparse);
    add("signal_eos", m.signal_eos);
    add("spies_simulate_connection", m.spies_simulate_connection);
    add("tether", m.tether);
    add("is_publication_revoked", m.is_publication_revoked());
    add("type", static_cast<int>(m.type));
    add("untethered_linger_timeout_ns", m.untethered_linger_timeout_ns());
    return lines;
}

/// The frames of the terms as .decoded.txt lists them, without the payloads.
std::vector<std::string> frame_lines(const LogBuffers& log, std::int32_t partition,
                                     std::int32_t offset) {
    std::vector<std::string> lines;
    const Bytes term = log.term(partition);
    while (offset < log.term_length()) {
        const auto header = load<wire::DataHeader>(term.data() + offset);
        if (header.frame_length == 0) break;
        lines.push_back(fmt::format(
            "  {}: frame_length={} flags=0x{:02x} {} term_offset={} session={} stream={} "
            "term_id={} reserved={}",
            offset, header.frame_length, header.flags,
            header.type == wire::kPadFrameType ? "PAD" : "DATA", header.term_offset,
            header.session_id, header.stream_id, header.term_id, header.reserved_value));
        offset += align_frame(std::abs(header.frame_length));
    }
    return lines;
}

class GoldenLog : public ::testing::TestWithParam<std::string> {};

TEST_P(GoldenLog, ReadsAsAnIndependentDecoderReadIt) {
    AlignedBytes bytes = memory::testing::read_golden("shm/" + GetParam() + ".logbuffer.xz");
    const LogBuffers log(bytes.bytes());
    EXPECT_EQ(log_file_length(log.term_length(), 4096), static_cast<std::int64_t>(bytes.size()));

    std::vector<std::string> expected_metadata;
    std::vector<std::string> expected_frames;
    std::vector<std::string> frames;
    std::int32_t partition = -1;
    bool follows_term = false;
    for (const std::string& line :
         memory::testing::golden_lines("shm/" + GetParam() + ".logbuffer.decoded.txt")) {
        if (line.starts_with("meta.") && !line.starts_with("meta.default_frame_header=")) {
            expected_metadata.push_back(line);
        } else if (line.starts_with("term buffer")) {
            ++partition;
            follows_term = true;
        } else if (line.find("frame_length=") != std::string::npos) {
            expected_frames.push_back(line.substr(0, line.find(" payload starts")));
            if (follows_term) {
                const std::int32_t first = std::stoi(line);
                for (std::string& found : frame_lines(log, partition, first)) {
                    frames.push_back(std::move(found));
                }
                follows_term = false;
            }
        }
    }
    EXPECT_EQ(metadata_lines(log), expected_metadata);
    EXPECT_EQ(frames, expected_frames);
    EXPECT_FALSE(frames.empty());
}

INSTANTIATE_TEST_SUITE_P(Logs, GoldenLog,
                         ::testing::Values("c/publications/4", "c/publications/6", "c/images/5",
                                           "java/publications/4", "java/publications/5",
                                           "java/images/6"));

TEST(LogBuffers, ReadsUpstreamsMessagesAndUnblocksItsAbandonedClaim) {
    AlignedBytes bytes = memory::testing::read_golden("shm/c/publications/6.logbuffer.xz");
    const LogBuffers log(bytes.bytes());
    EXPECT_EQ(log.producer_position(), 71232);
    std::int32_t offset = 5248;
    std::string payload;
    const auto keep = [&](const Frame& frame) {
        payload = as_text(frame.payload());
        return ReadStep::next;
    };
    EXPECT_EQ(read_term(log.term(1), offset, 10, kTermLength, keep).frames, 1);
    EXPECT_EQ(payload, "HIJKL");
    EXPECT_EQ(offset, 5440);
    EXPECT_TRUE(unblock_log(log, 65536 + 5440));
    EXPECT_EQ(read_term(log.term(1), offset, 10, kTermLength, keep).frames, 0);
    EXPECT_EQ(offset, 5696);
}

TEST(LogBuffers, InitialisesAsUpstreamDoes) {
    // The parameters of the exclusive IPC publication of the golden C driver.
    LogParameters parameters;
    parameters.type = LogType::exclusive_publication;
    parameters.correlation_id = 6;
    parameters.session_id = -54321;
    parameters.stream_id = 2002;
    parameters.initial_term_id = -3;
    parameters.start_term_id = -2;
    parameters.start_term_offset = 1024;
    parameters.term_length = 65536;
    parameters.mtu_length = 1408;
    parameters.publication_window_length = 32768;
    parameters.os_default_socket_sndbuf_length = 212992;
    parameters.os_default_socket_rcvbuf_length = 212992;
    parameters.entity_tag = -1;
    parameters.response_correlation_id = -1;
    parameters.linger_timeout_ns = 5'000'000'000;
    parameters.untethered_window_limit_timeout_ns = 5'000'000'000;
    parameters.untethered_linger_timeout_ns = 5'000'000'000;
    parameters.untethered_resting_timeout_ns = 10'000'000'000;
    parameters.sparse = true;
    parameters.signal_eos = true;

    AlignedBytes golden = memory::testing::read_golden("shm/c/publications/6.logbuffer.xz");
    AlignedBytes ours(golden.size());
    const LogBuffers log = LogBuffers::initialise(ours.bytes(), parameters);
    EXPECT_EQ(log.producer_position(), 65536 + 1024);
    EXPECT_EQ(tail_term_id(log.metadata().raw_tail(2)), -4);
    EXPECT_EQ(tail_term_id(log.metadata().raw_tail(0)), -3);

    // What has changed since: the tails, and that there is a subscriber.
    log.metadata().set_connected(true);
    log.metadata().set_raw_tail(1, pack_tail(-2, 5696));
    const auto metadata_of = [](AlignedBytes& bytes) {
        return as_text(bytes.bytes().last(kLogMetadataLength));
    };
    EXPECT_TRUE(metadata_of(ours) == metadata_of(golden));
}

TEST(LogBuffers, FileThatCannotBeALogIsRefused) {
    TestLog test;
    const auto with = [&](std::int32_t LogMetadata::*field, std::int32_t value) {
        TestLog changed;
        changed.log.metadata().*field = value;
        EXPECT_THROW(LogBuffers{changed.bytes.bytes()}, Error) << value;
    };
    with(&LogMetadata::term_length, 0);
    with(&LogMetadata::term_length, 65537);
    with(&LogMetadata::term_length, 131072);  // legal, but longer than the file
    with(&LogMetadata::term_length, -65536);
    with(&LogMetadata::page_size, 0);
    with(&LogMetadata::mtu_length, 32);
    with(&LogMetadata::mtu_length, 1409);
    EXPECT_THROW(LogBuffers{test.bytes.bytes().first(4095)}, Error);
    EXPECT_THROW(LogBuffers{test.bytes.bytes().last(4096)}, Error);
}

TEST(LogBuffers, RotationHappensOnce) {
    TestLog test(7);
    LogMetadata& metadata = test.log.metadata();
    EXPECT_TRUE(rotate_log(metadata, 0, 7));
    EXPECT_EQ(metadata.raw_tail(1), pack_tail(8, 0));
    static_cast<void>(metadata.claim_tail(1, 64));
    EXPECT_FALSE(rotate_log(metadata, 0, 7));  // a slow one, after others have gone on
    EXPECT_EQ(metadata.raw_tail(1), pack_tail(8, 64));
    EXPECT_EQ(metadata.active_term_count(), 1);
}

}  // namespace
}  // namespace tern::logbuffer
