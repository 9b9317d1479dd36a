#include "tern/memory/cnc_file.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "tern/memory/distinct_error_log.hpp"
#include "tern/memory/many_to_one_ring_buffer.hpp"
#include "tern/memory/system_counters.hpp"
#include "tern/memory/testing/golden.hpp"
#include "tern/platform/posix/storage.hpp"

namespace tern::memory {
namespace {

using testing::AlignedBytes;
using testing::ManualClock;

std::string hex_without_trailing_zeroes(ConstBytes bytes) {
    while (!bytes.empty() && bytes.back() == std::byte{0}) bytes = bytes.first(bytes.size() - 1);
    std::string text;
    for (const std::byte byte : bytes) text += fmt::format("{:02x}", static_cast<int>(byte));
    return text;
}

/// A line of cnc.dat.decoded.txt, made with our reader.
std::string decoded_line(const CountersReader& counters, std::int32_t id) {
    return fmt::format(
        "  {} state={} type={} deadline={} reg={} owner={} ref={} value={} key={} label='{}'", id,
        static_cast<int>(counters.state(id)), counters.type_id(id),
        counters.free_for_reuse_deadline_ms(id), counters.registration_id(id),
        counters.owner_id(id), counters.reference_id(id), counters.value(id),
        hex_without_trailing_zeroes(counters.key(id)), counters.label(id));
}

class GoldenCnc : public ::testing::TestWithParam<std::string> {
  protected:
    AlignedBytes bytes_ = testing::read_golden("shm/" + GetParam() + "/cnc.dat.xz");
    CncFile cnc_{bytes_.bytes()};
};

TEST_P(GoldenCnc, SectionsAndHeaderAreFound) {
    EXPECT_EQ(cnc_.version(), kCncVersion);
    EXPECT_EQ(cnc_.client_liveness_timeout_ns(), 10'000'000'000);
    EXPECT_EQ(cnc_.file_page_size(), 4096);
    EXPECT_EQ(cnc_.to_driver().data() - bytes_.data(), 128);
    EXPECT_EQ(cnc_.to_clients().data() - bytes_.data(), 1049472);
    EXPECT_EQ(cnc_.counters_metadata().data() - bytes_.data(), 2098176);
    EXPECT_EQ(cnc_.counters_values().data() - bytes_.data(), 35652608);
    EXPECT_EQ(cnc_.error_log().data() - bytes_.data(), 44041216);
    EXPECT_EQ(cnc_.error_log().size(), 4194304U);
    EXPECT_EQ(cnc_file_length({}), static_cast<std::int64_t>(bytes_.size()));
    EXPECT_EQ(cnc_.control_protocol_version(), kControlProtocolVersion);
}

TEST_P(GoldenCnc, RingIsWhereUpstreamLeftIt) {
    ManyToOneRingBuffer ring(cnc_.to_driver());
    EXPECT_EQ(ring.producer_position(), 736);
    EXPECT_EQ(ring.consumer_position(), 736);
    EXPECT_EQ(ring.next_correlation_id(), 11);
    EXPECT_EQ(ring.consumer_heartbeat_ms(), cnc_.driver_heartbeat_ms());
    EXPECT_GT(cnc_.driver_heartbeat_ms(), cnc_.start_timestamp_ms());
}

TEST_P(GoldenCnc, EveryCounterReadsAsAnIndependentDecoderReadIt) {
    std::vector<std::string> expected;
    bool in_counters = false;
    for (const std::string& line :
         testing::golden_lines("shm/" + GetParam() + "/cnc.dat.decoded.txt")) {
        if (line.starts_with("---")) {
            in_counters = line.starts_with("--- counters");
        } else if (in_counters) {
            expected.push_back(line);
        }
    }
    std::vector<std::string> lines;
    const CountersReader counters = cnc_.counters();
    counters.for_each([&](std::int32_t id) { lines.push_back(decoded_line(counters, id)); });
    EXPECT_EQ(lines, expected);
    EXPECT_GT(lines.size(), kSystemCounterCount);
}

TEST_P(GoldenCnc, SystemCountersHaveUpstreamsLabels) {
    const CountersReader counters = cnc_.counters();
    for (std::int32_t id = 0; id < static_cast<std::int32_t>(kSystemCounterCount); ++id) {
        const std::string label = counters.label(id);
        const std::string_view ours = system_counter_label(static_cast<SystemCounter>(id));
        const bool known_difference = GetParam() == "java" && id == 45;
        EXPECT_TRUE(label.starts_with(ours) || known_difference) << label << " / " << ours;
    }
}

TEST_P(GoldenCnc, ErrorLogHasTheOneErrorSeenTwice) {
    int count = 0;
    for_each_error(cnc_.error_log(), 0, [&](const ErrorObservation& error) {
        count += error.count;
        EXPECT_GE(error.last_epoch_ms, error.first_epoch_ms);
        EXPECT_NE(error.text.find("127.0.0.1"), std::string_view::npos) << error.text;
    });
    EXPECT_EQ(count, 2);
    EXPECT_TRUE(error_report(cnc_.error_log()).ends_with("\n1 distinct errors observed.\n"));
}

INSTANTIATE_TEST_SUITE_P(Drivers, GoldenCnc, ::testing::Values("c", "java"),
                         [](const auto& name) { return name.param; });

class CncFileTest : public ::testing::Test {
  protected:
    CncFileTest() {
        directory_ = fmt::format("/dev/shm/tern-cnc-test-{}", ::getpid());
        storage_.remove_all(directory_);
        storage_.create_directories(directory_, platform::Visibility::owner_only);
    }
    ~CncFileTest() override { storage_.remove_all(directory_); }

    static constexpr std::int64_t kTimeoutMs = 10'000;
    platform::posix::PosixStorage storage_;
    ManualClock clock_;
    std::string directory_;
    CncHeader small_{.to_driver_length = 1024 + 768,
                     .to_clients_length = 1024 + 128,
                     .counters_values_length = 64 * 128,
                     .error_log_length = 4096,
                     .start_timestamp_ms = 5,
                     .pid = 6};
};

TEST_F(CncFileTest, ClientConnectsStepByStepAsTheDriverStarts) {
    using Step = CncConnector::Step;
    CncConnector connector(storage_, clock_, directory_, kTimeoutMs);
    EXPECT_EQ(connector.try_step(), Step::awaiting_file);
    EXPECT_EQ(check_driver_presence(storage_, directory_, clock_.epoch_ms(), kTimeoutMs),
              DriverPresence::absent);

    const auto mapping = create_cnc_file(storage_, directory_, small_);
    CncFile driver(mapping->bytes());
    EXPECT_EQ(connector.try_step(), Step::awaiting_version);
    EXPECT_EQ(check_driver_presence(storage_, directory_, clock_.epoch_ms(), kTimeoutMs),
              DriverPresence::starting);

    driver.signal_ready();  // out of order, to see the client wait for the heartbeat
    EXPECT_EQ(connector.try_step(), Step::awaiting_heartbeat);
    ManyToOneRingBuffer ring(driver.to_driver());
    ring.set_consumer_heartbeat_ms(clock_.epoch_ms() - kTimeoutMs - 1);
    EXPECT_EQ(connector.try_step(), Step::awaiting_heartbeat);
    EXPECT_EQ(check_driver_presence(storage_, directory_, clock_.epoch_ms(), kTimeoutMs),
              DriverPresence::stale);

    ring.set_consumer_heartbeat_ms(clock_.epoch_ms());
    EXPECT_EQ(connector.try_step(), Step::connected);
    EXPECT_EQ(check_driver_presence(storage_, directory_, clock_.epoch_ms(), kTimeoutMs),
              DriverPresence::active);
    const auto client_mapping = connector.take_mapping();
    CncFile client(client_mapping->bytes());
    EXPECT_EQ(client.start_timestamp_ms(), 5);
    EXPECT_EQ(client.pid(), 6);
    EXPECT_EQ(client.control_protocol_version(), 0);
    EXPECT_EQ(ManyToOneRingBuffer(client.to_driver()).next_correlation_id(), 0);
    EXPECT_EQ(ring.next_correlation_id(), 1);

    ring.set_consumer_heartbeat_ms(-1);  // a clean close
    EXPECT_EQ(check_driver_presence(storage_, directory_, clock_.epoch_ms(), kTimeoutMs),
              DriverPresence::stale);
}

TEST_F(CncFileTest, DeadlineNamesWhatWasAwaited) {
    const auto message_after_timeout = [this] {
        CncConnector connector(storage_, clock_, directory_, kTimeoutMs);
        static_cast<void>(connector.try_step());
        clock_.advance(kTimeoutMs * 1'000'000);
        try {
            static_cast<void>(connector.try_step());
        } catch (const TimeoutError& error) {
            return std::string(error.what());
        }
        return std::string("no timeout");
    };
    const std::string path = directory_ + "/cnc.dat";
    EXPECT_EQ(message_after_timeout(), "CnC file not created: " + path);
    const auto mapping = create_cnc_file(storage_, directory_, small_);
    EXPECT_EQ(message_after_timeout(), "CnC file is created but not initialised: " + path);
    CncFile(mapping->bytes()).signal_ready();
    EXPECT_EQ(message_after_timeout(), "no driver heartbeat detected after 10000ms: " + path);
}

TEST_F(CncFileTest, IncompatibleVersionsFailAtOnce) {
    const auto mapping = create_cnc_file(storage_, directory_, small_);
    CncConnector connector(storage_, clock_, directory_, kTimeoutMs);
    store(mapping->bytes().data(), pack_version(1, 2, 3));
    try {
        static_cast<void>(connector.try_step());
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.what(), "CnC version not compatible: app=0.2.0 file=1.2.3 (" +
                                    connector.file_path() + ")");
    }
    store(mapping->bytes().data(), pack_version(0, 1, 0));
    EXPECT_THROW(static_cast<void>(connector.try_step()), Error);
}

TEST_F(CncFileTest, HeaderThatLiesAboutItsSectionsIsNotFollowed) {
    const auto mapping = create_cnc_file(storage_, directory_, small_);
    CncFile(mapping->bytes()).signal_ready();
    for (const std::int32_t length : {-1, 0, 7, INT32_MAX}) {
        store(mapping->bytes().data() + cnc::kToDriverLengthOffset, length);
        EXPECT_THROW(CncFile{mapping->bytes()}, Error);
        CncConnector connector(storage_, clock_, directory_, kTimeoutMs);
        EXPECT_EQ(connector.try_step(), CncConnector::Step::awaiting_version);
        EXPECT_EQ(check_driver_presence(storage_, directory_, clock_.epoch_ms(), kTimeoutMs),
                  DriverPresence::stale);
    }
}

TEST_F(CncFileTest, SectionsThatAreNotAlignedAreNotLookedAt) {
    const auto mapping = create_cnc_file(storage_, directory_, small_);
    CncFile(mapping->bytes()).signal_ready();
    for (const std::size_t offset : {cnc::kToDriverLengthOffset, cnc::kToClientsLengthOffset,
                                     cnc::kCountersMetadataLengthOffset}) {
        const auto length = load<std::int32_t>(mapping->bytes().data() + offset);
        store(mapping->bytes().data() + offset, length - 4);
        EXPECT_THROW(CncFile{mapping->bytes()}, Error);
        store(mapping->bytes().data() + offset, length);
    }
    EXPECT_NO_THROW(CncFile{mapping->bytes()});
}

TEST_F(CncFileTest, LengthBeyondAnI32IsAConfigurationError) {
    EXPECT_THROW(static_cast<void>(cnc_file_length({.counters_values_length = 500 << 20})),
                 ConfigurationError);
}

TEST_F(CncFileTest, SecondDriverCannotCreateTheFile) {
    const auto mapping = create_cnc_file(storage_, directory_, small_);
    EXPECT_THROW(static_cast<void>(create_cnc_file(storage_, directory_, small_)),
                 platform::StorageError);
}

}  // namespace
}  // namespace tern::memory
