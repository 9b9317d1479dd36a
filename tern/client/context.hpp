#pragma once
// How a client is set up (CLI-3.1). A plain value; every field has its default.

#include <cstdint>
#include <functional>
#include <string>

#include "tern/base/duration.hpp"
#include "tern/base/error.hpp"
#include "tern/base/properties.hpp"
#include "tern/client/handlers.hpp"
#include "tern/platform/platform.hpp"

namespace tern::client {

inline constexpr std::size_t kMaxClientNameLength = 100;

struct Context {
    /// The driver's. Empty: AERON_DIR, else the default of the system.
    std::string aeron_directory;
    /// Shown in the label of the client's heartbeat counter; at most 100 characters.
    std::string client_name;

    /// For connecting, for answers to commands, and for the age of the driver's heartbeat.
    std::int64_t driver_timeout_ns = 10 * kNanosPerSecond;
    /// How often the client shows the driver that it lives, and looks whether the driver does.
    std::int64_t keepalive_interval_ns = 500 * kNanosPerMilli;
    /// Least time between two looks at timers.
    std::int64_t idle_sleep_duration_ns = 16 * kNanosPerMilli;
    /// How long the log buffers of closed publications and images stay mapped at least while the
    /// client lives, and image lists of subscriptions after they were replaced: a claim may be
    /// committed, though its publication was just closed.
    std::int64_t resource_linger_ns = 3 * kNanosPerSecond;
    /// Fault in all pages of log buffers when they are mapped.
    bool pre_touch_mapped_memory = false;

    /// true: no thread; the owner calls Aeron::do_work(), from the thread that uses the client, at
    /// least once in the driver's client liveness timeout. false: the conductor has a thread.
    bool use_conductor_invoker = false;
    /// Of the conductor's thread (platform::make_idle_strategy).
    std::string idle_strategy = "backoff";
    std::string idle_strategy_options;
    /// What a synchronous call does between looks, e.g. drive an embedded driver. Empty: backs off.
    std::function<void()> await_idle;

    /// Receives what goes wrong outside of any call. Empty: one line on standard error each.
    ErrorHandler error_handler;

    // For subscriptions that are added without handlers of their own.
    AvailableImageHandler available_image_handler;
    UnavailableImageHandler unavailable_image_handler;

    // Any may be empty.
    NewPublicationHandler new_publication_handler;
    NewPublicationHandler new_exclusive_publication_handler;  ///< empty: new_publication_handler
    NewSubscriptionHandler new_subscription_handler;
    CounterHandler available_counter_handler;
    CounterHandler unavailable_counter_handler;
    CloseHandler close_handler;
    PublicationErrorFrameHandler publication_error_frame_handler;

    /// The properties aeron.dir, aeron.driver.timeout (ms), aeron.client.name,
    /// aeron.client.idle.sleep.duration, aeron.client.resource.linger.duration,
    /// aeron.pre.touch.mapped.memory, aeron.client.pre.touch.mapped.memory (as AERON_CLIENT_... of
    /// upstream's C client). Throws ConfigurationError.
    [[nodiscard]] static Context from_properties(const Properties& properties);
    /// The same settings from variables of the environment: AERON_DIR, AERON_DRIVER_TIMEOUT and so
    /// on. A Context that is made otherwise takes from there no more than AERON_DIR.
    [[nodiscard]] static Context from_environment(platform::Platform platform);

    /// Fills in what is empty and checks the rest; throws ConfigurationError naming the field.
    void conclude(platform::Platform platform);
};

/// Where a driver is by default: /dev/shm/aeron-USER, or aeron-USER in the temporary directory
/// where there is no /dev/shm (CLI-2.1).
[[nodiscard]] std::string default_aeron_directory(platform::Platform platform);

/// The default directory with a random name behind it: for a driver that nobody is to find by
/// chance, as in a test.
[[nodiscard]] std::string random_aeron_directory(platform::Platform platform);

}  // namespace tern::client
