#pragma once
// What ping, pong, publish and subscribe have in common: a client of a driver that is found or
// embedded, the stop signal, and a way to idle.
//
// Thread safety: one thread.

#include <fmt/format.h>

#include <memory>
#include <string>

#include "tern/client/aeron.hpp"
#include "tern/driver/media_driver.hpp"
#include "tern/platform/idle_strategy.hpp"
#include "tern/platform/platform.hpp"
#include "tern/platform/posix/signals.hpp"
#include "tern/tools/samples/sample_options.hpp"

namespace tern::tools {

/// Throws ConfigurationError when a message of this length does not fit the publication.
void check_length(std::size_t length, const client::PublicationBase& publication);

class SampleSession {
  public:
    /// Starts the driver if one is to be embedded, else waits up to two seconds for one. Throws
    /// Error that says where it looked and what to do when there is none.
    explicit SampleSession(const SampleOptions& options);
    ~SampleSession();
    SampleSession(const SampleSession&) = delete;
    SampleSession& operator=(const SampleSession&) = delete;

    [[nodiscard]] client::Aeron& aeron() noexcept { return *aeron_; }
    /// Until SIGINT or SIGTERM, or until the driver is gone.
    [[nodiscard]] bool is_running() const noexcept {
        return !stop_.is_raised() && !aeron_->is_closed();
    }
    /// Throws Error when the client was closed because the driver went.
    void check_driver() const;
    void idle(int work) { idle_->idle(work); }
    /// Waits so long, or until asked to stop.
    void linger(double seconds) { stop_.wait(static_cast<std::int64_t>(seconds * 1e9)); }
    [[nodiscard]] std::int64_t now_ns() const noexcept { return platform_.clock.nano_time(); }
    [[nodiscard]] bool has_driver() const noexcept { return driver_ != nullptr; }

    /// A line for people, nothing with --json.
    template <typename... Arguments>
    void note(fmt::format_string<Arguments...> format, Arguments&&... arguments) const {
        if (!json_) note_line(fmt::format(format, std::forward<Arguments>(arguments)...));
    }
    /// Handlers that note images as they come and go.
    [[nodiscard]] client::ImageHandlers image_notes(std::string channel) const;

  private:
    static void note_line(const std::string& line);
    void start_driver(const std::string& directory);
    void await_driver(const std::string& directory);

    platform::Platform platform_;
    platform::posix::ShutdownSignal& stop_;
    bool json_;
    std::unique_ptr<platform::IdleStrategy> idle_;
    std::unique_ptr<driver::MediaDriver> driver_;
    std::unique_ptr<client::Aeron> aeron_;  // closed before the driver
};

}  // namespace tern::tools
