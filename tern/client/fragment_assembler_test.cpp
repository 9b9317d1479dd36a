// Messages are put together from their fragments, and never from the wrong ones.

#include "tern/client/fragment_assembler.hpp"

#include <gmock/gmock.h>

#include <string>

#include "tern/client/errors.hpp"

namespace tern::client {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
constexpr int kShift = 16;
constexpr std::int32_t kInitialTermId = 3;

/// A stream of frames, as an image would deliver them.
class Stream {
  public:
    explicit Stream(std::int32_t session_id) : session_id_(session_id) {}

    template <typename Assembler>
    auto deliver(Assembler& assembler, std::uint8_t flags, std::string_view payload) {
        const auto length = static_cast<std::int32_t>(payload.size()) + wire::kDataHeaderLength;
        frame_ = {};
        frame_.frame_length = length;
        frame_.flags = flags;
        frame_.type = wire::kDataFrameType;
        frame_.term_offset = offset_;
        frame_.session_id = session_id_;
        frame_.term_id = kInitialTermId;
        offset_ += logbuffer::align_frame(length);
        return assembler(as_bytes(payload), header());
    }
    template <typename Assembler>
    auto deliver_again(Assembler& assembler, std::string_view payload) {
        return assembler(as_bytes(payload), header());
    }
    void lose(std::int32_t bytes) { offset_ += bytes; }

  private:
    [[nodiscard]] Header header() const {
        return {reinterpret_cast<const std::byte*>(&frame_), kInitialTermId, kShift, nullptr};
    }
    wire::DataHeader frame_{};
    std::int32_t session_id_;
    std::int32_t offset_ = 0;
};

constexpr std::uint8_t kBegin = wire::data_flags::kBegin;
constexpr std::uint8_t kMiddle = 0;
constexpr std::uint8_t kEnd = wire::data_flags::kEnd;
constexpr std::uint8_t kWhole = wire::data_flags::kUnfragmented;

TEST(FragmentAssemblerTest, sessions_are_assembled_side_by_side) {
    std::vector<std::string> messages;
    FragmentAssembler assembler([&](ConstBytes message, const Header& header) {
        messages.emplace_back(as_text(message));
        EXPECT_EQ(header.flags(), kWhole);
        EXPECT_EQ(header.frame_length(), 32 + static_cast<std::int32_t>(message.size()));
    });
    Stream one(1);
    Stream two(2);
    one.deliver(assembler, kBegin, "ab");
    two.deliver(assembler, kBegin, "uv");
    two.deliver(assembler, kWhole, "whole");
    one.deliver(assembler, kMiddle, "cd");
    one.deliver(assembler, kEnd, "e");
    EXPECT_THAT(messages, ElementsAre("whole", "abcde"));
    EXPECT_TRUE(assembler.free_session(2));
    EXPECT_FALSE(assembler.free_session(2));
}

TEST(FragmentAssemblerTest, header_of_an_assembled_message_is_that_of_the_whole) {
    std::int64_t position = 0;
    std::int32_t term_offset = -1;
    ImageFragmentAssembler assembler([&](ConstBytes, const Header& header) {
        position = header.position();
        term_offset = header.term_offset();
    });
    Stream stream(1);
    stream.deliver(assembler, kWhole, std::string(32, 'x'));
    stream.deliver(assembler, kBegin, std::string(32, 'x'));
    stream.deliver(assembler, kEnd, "x");
    EXPECT_EQ(term_offset, 64);
    EXPECT_EQ(position, 64 + 64 + 64);
}

TEST(FragmentAssemblerTest, messages_that_are_not_whole_are_dropped) {
    std::vector<std::string> messages;
    FragmentAssembler assembler(
        [&](ConstBytes message, const Header&) { messages.emplace_back(as_text(message)); });
    Stream stream(1);
    stream.deliver(assembler, kMiddle, "joined in the middle");
    stream.deliver(assembler, kEnd, "of a message");
    stream.deliver(assembler, kBegin, "lost its ");
    stream.lose(64);
    stream.deliver(assembler, kEnd, "middle");
    stream.deliver(assembler, kBegin, "");
    stream.deliver(assembler, kEnd, "empty beginning");
    EXPECT_THAT(messages, IsEmpty());
    stream.deliver(assembler, kBegin, "good");
    stream.deliver(assembler, kEnd, " one");
    EXPECT_THAT(messages, ElementsAre("good one"));
}

TEST(FragmentAssemblerTest, aborted_message_comes_again_with_its_last_fragment) {
    std::vector<std::string> messages;
    ControlledAction answer = ControlledAction::abort;
    ControlledFragmentAssembler assembler([&](ConstBytes message, const Header&) {
        messages.emplace_back(as_text(message));
        return answer;
    });
    Stream stream(1);
    EXPECT_EQ(stream.deliver(assembler, kBegin, "ab"), ControlledAction::continue_);
    EXPECT_EQ(stream.deliver(assembler, kEnd, "c"), ControlledAction::abort);
    EXPECT_EQ(stream.deliver_again(assembler, "c"), ControlledAction::abort);
    answer = ControlledAction::commit;
    EXPECT_EQ(stream.deliver_again(assembler, "c"), ControlledAction::commit);
    EXPECT_THAT(messages, ElementsAre("abc", "abc", "abc"));
}

// The handler has had the message; what comes next is not mixed up with it.
TEST(FragmentAssemblerTest, handler_that_throws_spoils_no_other_message) {
    std::vector<std::string> messages;
    const auto take = [&](ConstBytes message, const Header&) {
        messages.emplace_back(as_text(message));
        if (messages.size() == 1) throw Error("handler");
        return ControlledAction::continue_;
    };
    const auto check = [&](auto& assembler) {
        messages.clear();
        Stream stream(1);
        stream.deliver(assembler, kBegin, "ab");
        EXPECT_THROW(stream.deliver(assembler, kEnd, "c"), Error);
        stream.deliver(assembler, kEnd, "out of nowhere");
        stream.deliver(assembler, kBegin, "de");
        stream.deliver(assembler, kEnd, "f");
        EXPECT_THAT(messages, ElementsAre("abc", "def"));
    };
    FragmentAssembler plain(
        [&](ConstBytes message, const Header& header) { take(message, header); });
    ControlledFragmentAssembler controlled(take);
    ImageControlledFragmentAssembler of_image(take);
    check(plain);
    check(controlled);
    check(of_image);
}

TEST(FragmentAssemblerTest, sessions_are_forgotten_together) {
    int messages = 0;
    FragmentAssembler assembler([&](ConstBytes, const Header&) { ++messages; }, 1 << 16);
    Stream one(1);
    one.deliver(assembler, kBegin, "a");
    assembler.clear();
    one.deliver(assembler, kEnd, "b");
    EXPECT_EQ(messages, 0);
    EXPECT_FALSE(assembler.free_session(1));
}

/// A builder in the middle of a message.
class BufferBuilderTest : public ::testing::Test {
  protected:
    void begin(std::size_t length) { builder_.begin(as_bytes(std::string(length, 'x')), header_); }
    void append(std::size_t length) {
        EXPECT_TRUE(builder_.append(as_bytes(std::string(length, 'x')), header_));
    }
    wire::DataHeader frame_{.frame_length = 64,
                            .version = 0,
                            .flags = 0,
                            .type = wire::kDataFrameType,
                            .term_offset = 0,
                            .session_id = 0,
                            .stream_id = 0,
                            .term_id = 0,
                            .reserved_value = 0};
    Header header_{reinterpret_cast<const std::byte*>(&frame_), 0, 30, nullptr};
    BufferBuilder builder_;
};

TEST_F(BufferBuilderTest, grows_by_halves_and_keeps_its_memory) {
    EXPECT_EQ(builder_.capacity(), 0U);
    begin(10);
    EXPECT_EQ(builder_.capacity(), 4096U);
    append(4086);
    EXPECT_EQ(builder_.capacity(), 4096U);
    append(1);
    EXPECT_EQ(builder_.capacity(), 6144U);
    append(20'000);
    EXPECT_EQ(builder_.capacity(), 31'104U) << "4096 * 1.5 as often as it takes";
    EXPECT_EQ(builder_.message().size(), 24'097U);
    builder_.compact();
    EXPECT_EQ(builder_.capacity(), 24'097U);
    EXPECT_EQ(builder_.message().size(), 24'097U);
    builder_.reset();
    EXPECT_EQ(builder_.capacity(), 24'097U) << "for the next message";
    builder_.compact();
    EXPECT_EQ(builder_.capacity(), 4096U);
}

TEST_F(BufferBuilderTest, capacity_to_begin_with_has_a_limit) {
    EXPECT_EQ(BufferBuilder(100).capacity(), 100U);
    EXPECT_EQ(BufferBuilder(BufferBuilder::kMaxLength).capacity(), BufferBuilder::kMaxLength);
    EXPECT_THROW(BufferBuilder(BufferBuilder::kMaxLength + 1), InvalidArgument);
}

TEST_F(BufferBuilderTest, does_not_grow_past_the_longest_message) {
    begin(1 << 20);
    for (int i = 1; i < 16; ++i) append(1 << 20);
    EXPECT_FALSE(builder_.append(as_bytes("x"), header_));
    EXPECT_EQ(builder_.capacity(), BufferBuilder::kMaxLength);
}

}  // namespace
}  // namespace tern::client
