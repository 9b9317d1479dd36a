// Offering and polling neither allocate nor lock nor call the system.

#include <gtest/gtest.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <future>
#include <new>
#include <thread>

#include "tern/client/testing/client_fixture.hpp"

namespace {

thread_local std::int64_t allocations = 0;  // of this thread, since it began

void* counted(void* memory) {
    ++allocations;
    return memory != nullptr ? memory : throw std::bad_alloc();
}

}  // namespace

void* operator new(std::size_t size) { return counted(std::malloc(size)); }
void* operator new(std::size_t size, std::align_val_t alignment) {
    const auto multiple = static_cast<std::size_t>(alignment);
    return counted(std::aligned_alloc(multiple, (size + multiple - 1) / multiple * multiple));
}
// Not inlined, or GCC finds free() on what came from new.
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::align_val_t) noexcept {
    std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
    std::free(memory);
}

namespace tern::client {
namespace {

constexpr int kRounds = 10'000;

class DataPathTest : public testing::ClientFixture {
  protected:
    void SetUp() override {
        connect();
        subscription_ = aeron_->add_subscription("aeron:ipc", 10);
        concurrent_ = aeron_->add_publication("aeron:ipc", 10);
        exclusive_ = aeron_->add_exclusive_publication("aeron:ipc", 10);
        turns(2);
        ASSERT_EQ(subscription_->image_count(), 2U);
    }

    /// As many messages, offered in all ways to both publications and polled in all ways, as a
    /// number of rounds; whether all of them arrived.
    bool run(int rounds) {
        for (int round = 0; round < rounds; ++round) {
            offer(*concurrent_, round);
            offer(*exclusive_, round);
            poll(round);
            clean(*concurrent_, concurrent_position_);
            clean(*exclusive_, exclusive_position_);
        }
        return is_whole_ && offered_ == received_;
    }

  private:
    template <typename AnyPublication>
    void offer(AnyPublication& publication, int round) {
        while (try_offer(publication, round) <= 0) {
            if (++attempts_ > 3 * kRounds) return;  // nothing is accepted any more
        }
        ++offered_;
    }
    template <typename AnyPublication>
    std::int64_t try_offer(AnyPublication& publication, int round) {
        const ConstBytes message(message_);
        const std::array<ConstBytes, 3> parts{message.first(10), message.first(0),
                                              message.subspan(10, 50)};
        BufferClaim claim;
        switch (round % 6) {
            case 0:
                return publication.offer(message.first(60));
            case 1:
                return publication.offer(message.first(60), [](Bytes) { return 1; });
            case 2:
                return publication.offer(parts);
            case 3:
                return publication.offer(parts, [](Bytes) { return 1; });
            case 4:
                return publication.offer(message);  // in fragments
            default:
                break;
        }
        const std::int64_t result = publication.try_claim(60, claim);
        if (result > 0) claim.commit();
        return result;
    }

    void poll(int round) {
        const auto is_last = [this](ConstBytes, const Header& header) {
            received_ += (header.flags() & wire::data_flags::kEnd) != 0 ? 1 : 0;
        };
        // A poll that gives nothing may have come to the end of a term.
        for (int idle = 0; idle < 2; ++idle) {
            int fragments = 0;
            switch (round / 6 % 3) {
                case 0:
                    fragments = subscription_->poll(assembler_, 10);
                    break;
                case 1:
                    fragments = subscription_->poll(is_last, 10);
                    break;
                default:
                    fragments = subscription_->controlled_poll(controlled_assembler_, 10);
                    break;
            }
            if (fragments > 0) idle = -1;
        }
    }

    /// What a driver does: clears a term when all have read it.
    void clean(const PublicationBase& publication, std::int64_t& cleaned) {
        const auto log = driver_->log(publication.registration_id());
        const std::int64_t position = log.producer_position();
        if (position / log.term_length() == cleaned / log.term_length()) return;
        std::ranges::fill(log.term_at(cleaned), std::byte{0});
        cleaned = position;
    }

    void count(ConstBytes message) {
        is_whole_ = is_whole_ && (message.size() == 60 || message.size() == message_.size());
        ++received_;
    }

    std::unique_ptr<Subscription> subscription_;
    std::unique_ptr<Publication> concurrent_;
    std::unique_ptr<ExclusivePublication> exclusive_;
    std::array<std::byte, 5000> message_{};
    FragmentAssembler<FragmentHandler> assembler_{
        [this](ConstBytes message, const Header&) { count(message); }};
    ControlledFragmentAssembler<ControlledFragmentHandler> controlled_assembler_{
        [this](ConstBytes message, const Header&) {
            count(message);
            return ControlledAction::commit;
        }};
    std::int64_t concurrent_position_ = 0;
    std::int64_t exclusive_position_ = 0;
    std::int64_t offered_ = 0;
    std::int64_t received_ = 0;
    int attempts_ = 0;
    bool is_whole_ = true;
};

TEST_F(DataPathTest, nothing_is_allocated) {
    const std::int64_t at_first = allocations;
    ::operator delete(::operator new(1));  // a call, which no compiler may leave out
    ASSERT_EQ(allocations, at_first + 1) << "allocations are counted";
    ASSERT_TRUE(run(100));  // the assemblers get their memory
    const std::int64_t before = allocations;
    const bool all_arrived = run(kRounds);
    EXPECT_EQ(allocations, before);
    EXPECT_TRUE(all_arrived);
}

// In a process that the kernel kills at the first call that is not its end.
TEST_F(DataPathTest, the_system_is_not_called) {
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
    GTEST_SKIP() << "sanitizers call the system by themselves";
#endif
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        const bool warmed_up = run(100);
        ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT);
        const bool done = run(kRounds);
        ::syscall(SYS_exit, warmed_up && done ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status)) << "killed for a system call";
    EXPECT_EQ(WEXITSTATUS(status), 0);
}

// A conductor that is stuck, in a handler of the program's, holds its lock; nobody waits for it.
TEST_F(DataPathTest, nobody_waits_for_the_conductor) {
    std::promise<void> inside;
    std::promise<void> leave;
    aeron_->add_available_counter_handler([&](const auto&, auto, auto) {
        inside.set_value();
        leave.get_future().wait();
    });
    aeron_->async_add_counter(1000, {}, "a");
    driver_->serve();
    std::thread conductor([this] { aeron_->do_work(); });
    inside.get_future().wait();
    auto data_path = std::async(std::launch::async, [this] { return run(100); });
    const auto status = data_path.wait_for(std::chrono::seconds(60));
    leave.set_value();
    conductor.join();
    EXPECT_EQ(status, std::future_status::ready);
    EXPECT_TRUE(data_path.get());
}

}  // namespace
}  // namespace tern::client
