#include "tern/node/kv_state.hpp"

#include <gtest/gtest.h>

#include <string>

#include "tern/base/error.hpp"

namespace tern::node {
namespace {

std::pair<KvStatus, std::string> run(KvState& state, KvOperation operation, std::string_view key,
                                     std::string_view value = {}) {
    const ConstBytes answer = state.apply(encode_kv_command(operation, key, value));
    return {static_cast<KvStatus>(answer[0]), std::string(as_text(answer.subspan(1)))};
}

TEST(KvState, PutsGetsAndDeletes) {
    KvState state;
    EXPECT_EQ(run(state, KvOperation::get, "a").first, KvStatus::not_found);
    EXPECT_EQ(run(state, KvOperation::put, "a", "1").first, KvStatus::ok);
    EXPECT_EQ(run(state, KvOperation::put, "a", "two").first, KvStatus::ok);
    EXPECT_EQ(run(state, KvOperation::get, "a"), std::pair(KvStatus::ok, std::string("two")));
    EXPECT_EQ(run(state, KvOperation::del, "a").first, KvStatus::ok);
    EXPECT_EQ(run(state, KvOperation::del, "a").first, KvStatus::not_found);
}

TEST(KvState, AnswersMalformedToWhatItCannotRead) {
    KvState state;
    for (const std::string_view text : {"", "\x01", "\x01\x05\x00z", "\x09\x01"}) {
        EXPECT_EQ(state.apply(as_bytes(text))[0], std::byte{2});
    }
    EXPECT_EQ(
        run(state, KvOperation::put, "k", std::string(KvState::kMaxValueLength + 1, 'x')).first,
        KvStatus::malformed);
    EXPECT_EQ(state.size(), 0U);
}

TEST(KvState, ASnapshotRestoresTheSameState) {
    KvState state;
    for (int i = 0; i < 5000; ++i) {
        run(state, KvOperation::put, "key" + std::to_string(i), std::string(100, 'v'));
    }
    KvState restored;
    int chunks = 0;
    bool complete = false;
    state.save([&](ConstBytes chunk) {
        EXPECT_LE(chunk.size(), KvState::kChunkLength);
        EXPECT_FALSE(complete);
        complete = restored.load(chunk);
        ++chunks;
    });
    EXPECT_TRUE(complete);
    EXPECT_GT(chunks, 2);
    EXPECT_EQ(restored.size(), state.size());
    EXPECT_EQ(run(restored, KvOperation::get, "key4999").second, std::string(100, 'v'));
    EXPECT_THROW((void)restored.load(as_bytes("abc")), Error);
}

}  // namespace
}  // namespace tern::node
