#include "tern/memory/counters.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "tern/base/error.hpp"
#include "tern/memory/counter_keys.hpp"
#include "tern/memory/counter_types.hpp"
#include "tern/memory/system_counters.hpp"
#include "tern/memory/testing/golden.hpp"

namespace tern::memory {
namespace {

using testing::AlignedBytes;
using testing::ManualClock;

constexpr std::size_t kIds = 64;
constexpr std::int64_t kReuseNs = 1'000'000'000;

class CountersTest : public ::testing::Test {
  protected:
    Counter allocate(std::int64_t registration_id, std::string_view label = "label") {
        return manager_.allocate(
            {.type_id = 1001, .label = label, .registration_id = registration_id});
    }

    ManualClock clock_;
    AlignedBytes metadata_{kIds * kCounterMetadataLength};
    AlignedBytes values_{kIds * kCounterValueLength};
    CountersManager manager_{metadata_.bytes(), values_.bytes(), clock_, kReuseNs};
    CountersReader reader_{metadata_.bytes(), values_.bytes()};
};

TEST_F(CountersTest, ReaderSeesWhatWasAllocated) {
    const std::string key = "the key";
    const Counter counter = manager_.allocate({.type_id = 1500,
                                               .key = as_bytes(key),
                                               .label = "the label",
                                               .registration_id = 42,
                                               .owner_id = 7,
                                               .reference_id = 8});
    counter.set(99);
    EXPECT_EQ(counter.id(), 0);
    EXPECT_EQ(reader_.state(0), CounterState::allocated);
    EXPECT_EQ(reader_.type_id(0), 1500);
    EXPECT_EQ(as_text(reader_.key(0)).substr(0, 8), key + '\0');
    EXPECT_EQ(reader_.label(0), "the label");
    EXPECT_EQ(reader_.registration_id(0), 42);
    EXPECT_EQ(reader_.owner_id(0), 7);
    EXPECT_EQ(reader_.reference_id(0), 8);
    EXPECT_EQ(reader_.value(0), 99);
    EXPECT_EQ(reader_.free_for_reuse_deadline_ms(0), INT64_MAX);
    EXPECT_EQ(reader_.find(1500, 42), 0);
    EXPECT_EQ(reader_.find(1500, 43), kNullCounterId);
    EXPECT_EQ(reader_.find(1501, 42), kNullCounterId);
}

TEST_F(CountersTest, FreedIdIsReusedOnlyAfterTheTimeout) {
    Counter first = allocate(1);
    allocate(2);
    first.set(5);
    manager_.free(first);
    EXPECT_FALSE(first);
    EXPECT_EQ(reader_.state(0), CounterState::reclaimed);
    EXPECT_EQ(reader_.free_for_reuse_deadline_ms(0), clock_.epoch_ms() + 1000);
    EXPECT_EQ(allocate(3).id(), 2);
    clock_.advance(kReuseNs - 1);
    EXPECT_EQ(allocate(4).id(), 3);
    clock_.advance(1);
    EXPECT_EQ(allocate(5).id(), 0);
    EXPECT_EQ(reader_.value(0), 0);
    EXPECT_EQ(reader_.registration_id(0), 5);
}

TEST_F(CountersTest, WallClockSteppingBackDoesNotHoldIdsBack) {
    manager_.free(allocate(1).id());
    clock_.advance(kReuseNs);
    clock_.set_epoch_ms(0);
    EXPECT_EQ(allocate(2).id(), 0);
}

TEST_F(CountersTest, IdsComeBackInTheOrderTheyWereFreed) {
    for (int i = 0; i < 3; ++i) allocate(i);
    manager_.free(2);
    manager_.free(0);
    clock_.advance(kReuseNs);
    EXPECT_EQ(allocate(3).id(), 2);
    EXPECT_EQ(allocate(4).id(), 0);
    EXPECT_EQ(allocate(5).id(), 3);
}

TEST_F(CountersTest, FreeingWhatIsNotAllocatedIsRefused) {
    allocate(1);
    EXPECT_FALSE(manager_.free(1));
    EXPECT_FALSE(manager_.free(-1));
    EXPECT_FALSE(manager_.free(kIds));
    EXPECT_TRUE(manager_.free(0));
    EXPECT_FALSE(manager_.free(0));
    Counter null;
    manager_.free(null);
    clock_.advance(kReuseNs);
    EXPECT_EQ(allocate(2).id(), 0);
    EXPECT_EQ(allocate(3).id(), 1);  // 0 is not in the list twice
}

TEST_F(CountersTest, FullBufferIsAnErrorThatNamesItsSize) {
    for (std::size_t i = 0; i < kIds; ++i) allocate(static_cast<std::int64_t>(i));
    try {
        allocate(100);
        FAIL();
    } catch (const Error& error) {
        EXPECT_STREQ(error.what(), "unable to allocate counter, buffer is full: maxCounterId=63");
    }
    manager_.free(5);
    clock_.advance(kReuseNs);
    EXPECT_EQ(allocate(100).id(), 5);
}

TEST_F(CountersTest, KeysAndLabelsAreCutToTheirLimits) {
    const std::string key(200, 'k');
    const std::string label(500, 'l');
    const auto id = manager_.allocate({.type_id = 1, .key = as_bytes(key), .label = label}).id();
    EXPECT_EQ(as_text(reader_.key(id)), std::string(112, 'k'));
    EXPECT_EQ(reader_.label(id), std::string(380, 'l'));
    manager_.append_to_label(id, "more");
    EXPECT_EQ(reader_.label(id), std::string(380, 'l'));
    manager_.set_label(id, "short");
    append_to_counter_label(metadata_.bytes(), id, " name=x");
    EXPECT_EQ(reader_.label(id), "short name=x");
    manager_.set_key(id, as_bytes("new"));
    EXPECT_EQ(as_text(reader_.key(id)), "new" + std::string(109, '\0'));
}

TEST_F(CountersTest, IteratesAllocatedOnlyAndStopsAtTheFirstUnused) {
    for (int i = 0; i < 4; ++i) allocate(i);
    manager_.free(1);
    std::vector<std::int32_t> ids;
    reader_.for_each([&](std::int32_t id) { ids.push_back(id); });
    EXPECT_EQ(ids, (std::vector<std::int32_t>{0, 2, 3}));
}

TEST_F(CountersTest, LabelLengthOfAnotherProcessIsNotTrusted) {
    allocate(1);
    for (const std::int32_t length : {-1, 381, INT32_MAX, INT32_MIN}) {
        store(metadata_.data() + 128, length);
        EXPECT_LE(reader_.label(0).size(), kMaxCounterLabelLength);
    }
}

TEST_F(CountersTest, CounterArithmetic) {
    const Counter counter = allocate(1);
    counter.increment();
    counter.add(9);
    EXPECT_EQ(counter.fetch_add(5), 10);
    EXPECT_FALSE(counter.propose_max(15));
    EXPECT_TRUE(counter.propose_max(16));
    EXPECT_FALSE(counter.compare_and_set(1, 2));
    EXPECT_TRUE(counter.compare_and_set(16, -3));
    EXPECT_EQ(reader_.value(counter.id()), -3);
    EXPECT_EQ(load<std::int64_t>(values_.data()), -3);
}

TEST_F(CountersTest, MetadataMustBeFourTimesTheValues) {
    AlignedBytes metadata(3 * 128);
    AlignedBytes values(128);
    EXPECT_THROW(CountersReader(metadata.bytes(), values.bytes()), Error);
}

TEST(CounterKeys, ParseWhatTheyEncode) {
    const std::string channel = "aeron:udp?endpoint=localhost:1|" + std::string(100, 'x');
    const CounterKey stream = stream_key({77, -5, 1001, channel});
    const auto parsed_stream = parse_stream_key(stream.bytes());
    ASSERT_TRUE(parsed_stream);
    EXPECT_EQ(parsed_stream->registration_id, 77);
    EXPECT_EQ(parsed_stream->session_id, -5);
    EXPECT_EQ(parsed_stream->stream_id, 1001);
    EXPECT_EQ(parsed_stream->channel, channel.substr(0, 92));

    EXPECT_EQ(parse_channel_key(channel_key(channel).bytes()), channel.substr(0, 108));

    const CounterKey address = socket_address_key({12, "127.0.0.1:40123"});
    EXPECT_EQ(parse_socket_address_key(address.bytes())->address, "127.0.0.1:40123");
    EXPECT_EQ(parse_socket_address_key(address.bytes())->channel_status_id, 12);

    const CounterKey recording = recording_position_key({9, 8, channel, 7});
    const auto parsed_recording = parse_recording_position_key(recording.bytes());
    ASSERT_TRUE(parsed_recording);
    EXPECT_EQ(parsed_recording->source_identity, channel.substr(0, 88));
    EXPECT_EQ(parsed_recording->archive_id, 7);

    const std::array<std::int64_t, 2> snapshots{5, 6};
    const CounterKey recovery = recovery_state_key({1, 2, 3, 4, snapshots});
    const auto parsed_recovery = parse_recovery_state_key(recovery.bytes());
    ASSERT_TRUE(parsed_recovery);
    EXPECT_EQ(parsed_recovery->service_count, 2);
    EXPECT_EQ(parsed_recovery->snapshot_recording_ids[1], 6);
}

TEST(CounterKeys, LengthsThatCannotBeAreRefused) {
    for (const std::int32_t length : {-1, 93, INT32_MAX, INT32_MIN}) {
        std::array<std::byte, kMaxCounterKeyLength> key{};
        store(key.data() + 16, length);
        EXPECT_FALSE(parse_stream_key(key));
        store(key.data(), length > 0 ? 109 : length);
        EXPECT_FALSE(parse_channel_key(key));
        store(key.data() + 28, 11);
        EXPECT_FALSE(parse_recovery_state_key(key));
    }
    EXPECT_FALSE(parse_stream_key({}));
}

TEST(SystemCounters, StandFirstAndTellTheirConfiguration) {
    ManualClock clock;
    AlignedBytes metadata(kIds * kCounterMetadataLength);
    AlignedBytes values(kIds * kCounterValueLength);
    CountersManager manager(metadata.bytes(), values.bytes(), clock, kReuseNs);
    const SystemCounters counters(manager, {.threading_mode = "DEDICATED"});
    counters[SystemCounter::short_sends].increment();
    EXPECT_EQ(manager.value(16), 1);
    EXPECT_EQ(manager.label(27),
              "Conductor work cycle exceeded threshold count: threshold=100ms DEDICATED");
    EXPECT_EQ(manager.label(33), "NameResolver exceeded threshold count: threshold=5s");
    EXPECT_EQ(manager.label(34), "Aeron software: version=1.52.2 commit=tern");
    EXPECT_EQ(manager.value(34), 78850);
    EXPECT_EQ(manager.value(43), 65536);
    EXPECT_EQ(manager.owner_id(45), -1);
    EXPECT_EQ(manager.registration_id(45), 45);
    EXPECT_EQ(load<std::int32_t>(manager.key(45).data()), 45);
    EXPECT_EQ(manager.state(46), CounterState::unused);
}

}  // namespace
}  // namespace tern::memory
