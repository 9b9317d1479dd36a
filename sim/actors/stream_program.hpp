#pragma once
// A program with publishers and subscribers of streams, and one client for all of them. It outlives
// drivers: when its client dies, it connects again.
//
// Thread safety: none.

#include <memory>
#include <string>
#include <vector>

#include "sim/actors/driver_actor.hpp"
#include "sim/actors/stream_subscriber.hpp"

namespace tern::sim {

class StreamProgram final : public Actor {
  public:
    StreamProgram(Run& run, DriverActor& driver, StreamLedger& ledger, const StreamTraffic& traffic,
                  std::string name);
    ~StreamProgram() override { kill(); }

    // Before the first start().
    void add(PublisherOptions options) { publisher_options_.push_back(std::move(options)); }
    void add(SubscriberOptions options) { subscriber_options_.push_back(std::move(options)); }

    /// Has a client, publications and subscriptions as they should be.
    [[nodiscard]] bool is_ready() const;
    /// A publication or an image that there still is; empty: none.
    [[nodiscard]] std::string open_stream() const;
    [[nodiscard]] const std::vector<std::unique_ptr<StreamPublisher>>& publishers() const {
        return publishers_;
    }
    [[nodiscard]] const std::vector<std::unique_ptr<StreamSubscriber>>& subscribers() const {
        return subscribers_;
    }

  private:
    class Work;

    void live(platform::Platform platform) override;
    [[nodiscard]] std::unique_ptr<client::Aeron> connect(platform::Platform platform);
    void serve(client::Aeron& aeron);
    [[nodiscard]] bool has_driver(int life) const;

    DriverActor& driver_;
    StreamLedger& ledger_;
    const StreamTraffic& traffic_;
    std::vector<PublisherOptions> publisher_options_;
    std::vector<SubscriberOptions> subscriber_options_;
    std::vector<std::unique_ptr<StreamPublisher>> publishers_;    // of the present client
    std::vector<std::unique_ptr<StreamSubscriber>> subscribers_;  // of the present client
};

}  // namespace tern::sim
