#include "sim/checkers/recording_book.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tern::sim {
namespace {

using ::testing::HasSubstr;
using ::testing::Optional;

constexpr std::int32_t kSession = 7;

archive::RecordingDescriptor recording_of(std::int32_t stream_id, std::int64_t stop) {
    archive::RecordingDescriptor descriptor;
    descriptor.recording_id = stream_id;
    descriptor.stream_id = stream_id;
    descriptor.session_id = kSession;
    descriptor.start_position = 0;
    descriptor.stop_position = stop;
    return descriptor;
}

class RecordingBookTest : public ::testing::Test {
  protected:
    void publish(std::int32_t stream_id) {
        const auto writer = std::make_shared<StreamWriter>(1, 2);
        writer->accepted(1'024);
        book_.add_stream(stream_id, kSession, writer);
    }
    RecordingBook book_;
};

TEST_F(RecordingBookTest, FindsAnotherStopThanBeforeAndAStreamOfNobody) {
    publish(1);
    EXPECT_EQ(book_.seen(recording_of(1, 512)), std::nullopt);
    EXPECT_THAT(book_.seen(recording_of(1, 768)), Optional(HasSubstr("stopped at 768, but had")));
    EXPECT_THAT(book_.seen(recording_of(2, 0)), Optional(HasSubstr("nobody has published")));
}

TEST_F(RecordingBookTest, RecordingsFromBeforeALossyCrashProveNothingWheneverTheyAreSeen) {
    publish(1);
    publish(2);
    EXPECT_EQ(book_.seen(recording_of(1, 512)), std::nullopt);
    const int epoch = book_.epoch();
    book_.host_crashed(0, 1);
    EXPECT_NE(book_.epoch(), epoch);
    publish(3);
    for (const std::int32_t id : {1, 2, 3}) {
        EXPECT_EQ(book_.seen(recording_of(id, 512)), std::nullopt);
        EXPECT_EQ(book_.find(id)->is_doubtful, id != 3) << id;
    }
    book_.host_crashed(1, 1);
    EXPECT_FALSE(book_.find(3)->is_doubtful) << "all was synced";
}

}  // namespace
}  // namespace tern::sim
