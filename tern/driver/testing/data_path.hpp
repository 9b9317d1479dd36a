#pragma once
// What unit tests of the data path share: a clock that the test moves, counters, logs in memory,
// and a conductor's end of ConductorRequests that only remembers.

#include <memory>
#include <string>
#include <vector>

#include "tern/driver/conductor_requests.hpp"
#include "tern/driver/network_publication.hpp"
#include "tern/driver/publication_image.hpp"
#include "tern/driver/testing/fake_network.hpp"
#include "tern/driver/udp_channel.hpp"
#include "tern/logbuffer/exclusive_appender.hpp"
#include "tern/logbuffer/log_buffers.hpp"
#include "tern/memory/counters.hpp"
#include "tern/memory/system_counters.hpp"
#include "tern/platform/platform.hpp"
#include "tern/platform/posix/platform.hpp"

namespace tern::driver::testing {

inline constexpr std::int64_t kMs = 1'000'000;
inline constexpr std::int32_t kSessionId = -1234567;
inline constexpr std::int32_t kStreamId = 1001;

class ManualClock final : public platform::Clock {
  public:
    [[nodiscard]] std::int64_t nano_time() const noexcept override { return now_ns; }
    [[nodiscard]] std::int64_t epoch_ns() const noexcept override { return now_ns; }
    std::int64_t now_ns = 1'000'000 * kMs;
};

/// Memory as a mapped file is: page aligned, zero.
class AlignedMemory {
  public:
    explicit AlignedMemory(std::size_t length)
        : length_(length), memory_(new (std::align_val_t{4096}) std::byte[length]()) {}
    ~AlignedMemory() { ::operator delete[](memory_, std::align_val_t{4096}); }
    AlignedMemory(const AlignedMemory&) = delete;
    AlignedMemory& operator=(const AlignedMemory&) = delete;
    [[nodiscard]] Bytes bytes() { return {memory_, length_}; }

  private:
    std::size_t length_;
    std::byte* memory_;
};

struct Counters {
    explicit Counters(const platform::Clock& clock)
        : manager(metadata.bytes(), values.bytes(), clock, 0), system(manager, {}) {}
    [[nodiscard]] memory::Counter allocate() {
        return manager.allocate({.type_id = 1000, .label = "test"});
    }
    [[nodiscard]] std::int64_t operator[](memory::SystemCounter counter) const {
        return system[counter].get();
    }

    static constexpr std::size_t kCount = 128;
    AlignedMemory metadata{kCount * memory::kCounterMetadataLength};
    AlignedMemory values{kCount * memory::kCounterValueLength};
    memory::CountersManager manager;
    memory::SystemCounters system;
};

class Log {
  public:
    explicit Log(logbuffer::LogParameters parameters)
        : memory_(static_cast<std::size_t>(
              logbuffer::log_file_length(parameters.term_length, parameters.page_size))),
          view(logbuffer::LogBuffers::initialise(memory_.bytes(), parameters)) {}

  private:
    AlignedMemory memory_;

  public:
    logbuffer::LogBuffers view;
};

class RecordedRequests final : public ConductorRequests {
  public:
    bool create_image(const CreateImageRequest& request) noexcept override {
        if (refuse) return false;
        images.push_back(request);
        return true;
    }
    bool re_resolve_control(ReceiveChannelEndpoint&, std::int64_t) noexcept override {
        return true;
    }
    bool publication_error(const PublicationErrorNotice& notice) noexcept override {
        errors.push_back(notice);
        error_texts.emplace_back(notice.text);
        return true;
    }
    bool response_setup(std::int64_t, std::int32_t session_id) noexcept override {
        response_sessions.push_back(session_id);
        return true;
    }
    bool response_connected(std::int64_t) noexcept override {
        ++connected;
        return true;
    }
    bool re_resolve_endpoint(SendChannelEndpoint&, std::int64_t) noexcept override {
        ++re_resolutions;
        return true;
    }

    std::vector<CreateImageRequest> images;
    std::vector<PublicationErrorNotice> errors;
    std::vector<std::string> error_texts;
    std::vector<std::int32_t> response_sessions;
    int connected = 0;
    int re_resolutions = 0;
    bool refuse = false;
};

[[nodiscard]] inline UdpChannel channel_of(FakeNetwork& network, std::string_view uri) {
    return UdpChannel::parse(
        uri,
        [&](std::string_view host, std::uint16_t port, std::string_view) {
            return network.resolve(host, port, false);
        },
        network);
}

/// Everything around the objects under test.
struct World {
    ManualClock clock;
    FakeNetwork network;
    Counters counters{clock};
    RecordedRequests requests;
    std::vector<std::string> errors;
    ErrorHandler on_error = [this](const std::exception& error) {
        errors.emplace_back(error.what());
    };
    platform::Platform real = platform::posix::make_platform();
    platform::Platform platform{clock, network, real.storage, real.random, real.system};
};

}  // namespace tern::driver::testing
