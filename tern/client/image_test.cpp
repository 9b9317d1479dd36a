// Reading an image: what is delivered, and where the position stands afterwards.

#include "tern/client/image.hpp"

#include <gmock/gmock.h>

#include "tern/client/testing/client_fixture.hpp"

namespace tern::client {
namespace {

using ::testing::ElementsAre;

class ImageTest : public testing::ClientFixture {
  protected:
    void SetUp() override {
        connect();
        subscription_ = aeron_->add_subscription("aeron:ipc", 10);
        publication_ = aeron_->add_exclusive_publication("aeron:ipc", 10);
        turn();
        image_ = subscription_->image_at(0);
        ASSERT_NE(image_, nullptr);
    }
    void offer(std::initializer_list<std::string_view> messages) {
        for (const auto message : messages) ASSERT_GT(publication_->offer(bytes(message)), 0);
    }
    auto collect() {
        return [this](ConstBytes payload, const Header&) { got_.emplace_back(as_text(payload)); };
    }
    auto answer(ControlledAction action) {
        return [this, action](ConstBytes payload, const Header&) {
            got_.emplace_back(as_text(payload));
            return got_.back() == "stop" ? action : ControlledAction::continue_;
        };
    }
    std::unique_ptr<Subscription> subscription_;
    std::unique_ptr<ExclusivePublication> publication_;
    std::shared_ptr<Image> image_;
    std::vector<std::string> got_;
};

TEST_F(ImageTest, poll_delivers_up_to_its_limit) {
    offer({"a", "b", "c"});
    EXPECT_EQ(image_->poll(collect(), 2), 2);
    EXPECT_EQ(image_->position(), 128);
    EXPECT_EQ(image_->poll(collect(), 2), 1);
    EXPECT_EQ(image_->poll(collect(), 2), 0);
    EXPECT_THAT(got_, ElementsAre("a", "b", "c"));
}

TEST_F(ImageTest, bounded_poll_delivers_what_begins_below_the_limit) {
    offer({"a", "b", "c"});
    EXPECT_EQ(image_->bounded_poll(collect(), 0, 10), 0);
    EXPECT_EQ(image_->bounded_poll(collect(), 65, 10), 2);
    EXPECT_EQ(image_->position(), 128);
}

TEST_F(ImageTest, position_is_past_the_fragment_that_threw) {
    offer({"a", "b", "c"});
    const auto throwing = [](ConstBytes payload, const Header&) {
        if (as_text(payload) == "b") throw Error("b");
    };
    EXPECT_THROW(image_->poll(throwing, 10), Error);
    EXPECT_EQ(image_->position(), 128);
    image_->poll(collect(), 10);
    EXPECT_THAT(got_, ElementsAre("c"));
}

TEST_F(ImageTest, controlled_actions) {
    offer({"a", "stop", "c"});
    EXPECT_EQ(image_->controlled_poll(answer(ControlledAction::abort), 10), 1);
    EXPECT_EQ(image_->position(), 64);
    EXPECT_EQ(image_->controlled_poll(answer(ControlledAction::break_), 10), 1);
    EXPECT_EQ(image_->position(), 128);
    EXPECT_THAT(got_, ElementsAre("a", "stop", "stop"));
    std::int64_t seen = 0;
    offer({"d"});
    image_->controlled_poll(
        [&](ConstBytes, const Header&) {
            seen = image_->position();
            return ControlledAction::commit;
        },
        10);
    EXPECT_EQ(seen, 192) << "the first was committed before the second was delivered";
}

TEST_F(ImageTest, peek_leaves_the_position) {
    offer({"a", "stop", "c"});
    EXPECT_EQ(image_->controlled_peek(0, answer(ControlledAction::abort), 1 << 20), 64);
    EXPECT_EQ(image_->controlled_peek(64, answer(ControlledAction::continue_), 1 << 20), 192);
    EXPECT_EQ(image_->position(), 0);
    EXPECT_THROW(image_->controlled_peek(-32, answer(ControlledAction::abort), 0), InvalidArgument);
    EXPECT_THROW(image_->set_position(33), InvalidArgument);
    image_->set_position(64);
    EXPECT_EQ(image_->position(), 64);
}

TEST_F(ImageTest, padding_is_passed_over_and_a_block_of_its_own) {
    offer({"a"});
    ASSERT_GT(publication_->append_padding(96), 0);
    offer({"b"});
    std::vector<std::size_t> lengths;
    const auto block = [&](const RawBlock& raw) {
        EXPECT_EQ(raw.log_file, driver_->log_path(publication_->registration_id()));
        EXPECT_EQ(raw.file_offset, image_->position());
        lengths.push_back(raw.frames.size());
    };
    while (image_->raw_poll(block, 1 << 16) > 0) {
    }
    EXPECT_THAT(lengths, ElementsAre(64, 128, 64));
}

TEST_F(ImageTest, length_that_no_frame_can_have_is_not_followed) {
    offer({"a"});
    auto log = driver_->log(publication_->registration_id());
    store_release<std::int32_t>(log.term(0).data() + 64, INT32_MAX);
    EXPECT_EQ(image_->poll(collect(), 10), 1);
    EXPECT_EQ(image_->position(), 64);
}

TEST_F(ImageTest, terms_are_crossed_between_polls) {
    const std::string kilobyte(1024, 'k');
    int offered = 0;
    while (publication_->position() < 2 * testing::FakeDriver::kTermLength) {
        if (publication_->offer(bytes(kilobyte)) > 0) ++offered;
    }
    int received = 0;
    while (image_->position() < publication_->position()) {
        received += image_->poll(collect(), 1000);
    }
    EXPECT_EQ(received, offered);
}

TEST_F(ImageTest, fragments_carry_their_reserved_values) {
    const std::string long_message(3000, 'l');
    ASSERT_GT(
        publication_->offer(bytes(long_message),
                            [](Bytes frame) { return static_cast<std::int64_t>(frame.size()); }),
        0);
    std::vector<std::int64_t> values;
    image_->poll(
        [&](ConstBytes, const Header& header) { values.push_back(header.reserved_value()); }, 10);
    EXPECT_THAT(values, ElementsAre(1408, 1408, 3000 - 2 * 1376 + 32));
}

}  // namespace
}  // namespace tern::client
