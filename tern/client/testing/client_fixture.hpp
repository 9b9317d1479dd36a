#pragma once
// A client in invoker mode on a fake driver, in manual time, all on one thread.

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tern/client/aeron.hpp"
#include "tern/client/testing/fake_driver.hpp"
#include "tern/platform/posix/platform.hpp"

namespace tern::client::testing {

class ClientFixture : public ::testing::Test {
  protected:
    ClientFixture() : driver_(std::make_unique<FakeDriver>(platform_)) {}

    [[nodiscard]] Context context() {
        Context context;
        context.aeron_directory = driver_->aeron_directory();
        context.client_name = "unit";
        context.use_conductor_invoker = true;
        context.await_idle = [this] { turn(); };
        context.error_handler = [this](const std::exception& error) {
            errors_.emplace_back(error.what());
        };
        return context;
    }
    void connect() { aeron_ = Aeron::connect(context(), platform_); }

    /// Lets 20 ms pass, the driver do its work, and then the client.
    void turn() {
        clock_.advance(20 * kNanosPerMilli);
        if (driver_beats_) driver_->heartbeat();
        if (driver_serves_) driver_->serve();
        if (aeron_) aeron_->do_work();
    }
    void turns(int count) {
        for (int i = 0; i < count; ++i) turn();
    }
    void pass(std::int64_t duration_ns) {
        turns(static_cast<int>(duration_ns / (20 * kNanosPerMilli)) + 1);
    }
    /// The next command of that kind, passing over others; null when there is none. The fixture
    /// keeps it, since what is decoded of a command refers to its bytes.
    [[nodiscard]] const FakeDriver::Command* next(wire::CommandId id) {
        while (auto command = driver_->next_command()) {
            if (command->id == id) return &taken_.emplace_back(std::move(*command));
        }
        return nullptr;
    }
    [[nodiscard]] static ConstBytes bytes(std::string_view text) { return as_bytes(text); }

    platform::Platform posix_ = platform::posix::make_platform();
    ManualClock clock_;
    platform::Platform platform_{clock_, posix_.network, posix_.storage, posix_.random,
                                 posix_.system};
    std::unique_ptr<FakeDriver> driver_;
    std::deque<FakeDriver::Command> taken_;
    bool driver_serves_ = true;
    bool driver_beats_ = true;
    std::vector<std::string> errors_;
    std::unique_ptr<Aeron> aeron_;
};

}  // namespace tern::client::testing
