#include "sim/actors/stream_program.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace tern::sim {

/// What the program does in its turns.
class StreamProgram::Work final : public Agent {
  public:
    Work(StreamProgram& program, client::Aeron& aeron) : program_(program), aeron_(aeron) {}
    int do_work() override {
        int work = aeron_.do_work();
        for (auto& publisher : program_.publishers_) {
            if (!aeron_.is_closed()) work += publisher->do_work(aeron_);
        }
        for (auto& subscriber : program_.subscribers_) {
            if (!aeron_.is_closed()) work += subscriber->do_work(aeron_);
        }
        return work;
    }
    [[nodiscard]] std::string_view role_name() const override { return "streams"; }

  private:
    StreamProgram& program_;
    client::Aeron& aeron_;
};

StreamProgram::StreamProgram(Run& run, DriverActor& driver, StreamLedger& ledger,
                             const StreamTraffic& traffic, std::string name)
    : Actor(run, driver.host(), std::move(name)),
      driver_(driver),
      ledger_(ledger),
      traffic_(traffic) {}

void StreamProgram::live(platform::Platform platform) {
    while (!should_end()) {
        const auto aeron = connect(platform);
        if (!aeron) continue;
        serve(*aeron);
        aeron->close();
    }
}

std::unique_ptr<client::Aeron> StreamProgram::connect(platform::Platform platform) {
    client::Context context;
    context.aeron_directory = driver_.context().aeron_directory;
    context.client_name = name();
    context.use_conductor_invoker = true;
    context.error_handler = [this](const std::exception& error) { tell(error.what()); };
    client::AsyncConnect connecting(context, platform);
    while (!should_end()) {
        try {
            if (auto aeron = connecting.poll()) return aeron;
        } catch (const TimeoutError&) {
            return nullptr;  // no driver
        }
        idle(0);
    }
    return nullptr;
}

bool StreamProgram::has_driver(int life) const {
    return driver_.driver() != nullptr && driver_.lives() == life;
}

void StreamProgram::serve(client::Aeron& aeron) {
    // Connected to what a dead driver has left, it will find out.
    const int life = driver_.driver() != nullptr ? driver_.lives() : 0;
    const StreamProgramView view{
        .run = the_run(),
        .ledger = ledger_,
        .traffic = traffic_,
        .host = host().index(),
        .is_alive = [this] { return is_alive(); },
        .has_driver = [this, life] { return has_driver(life); },
        .tell = [this](const std::string& text) { tell(text); },
    };
    for (const auto& options : publisher_options_) {
        publishers_.push_back(std::make_unique<StreamPublisher>(view, options));
    }
    for (const auto& options : subscriber_options_) {
        subscribers_.push_back(std::make_unique<StreamSubscriber>(view, options));
    }
    Work work(*this, aeron);
    run(work);
    while (!should_end() && !aeron.is_closed()) idle(0);
    stop(work);
    if (aeron.is_closed() && is_alive() && has_driver(life)) {
        the_run().violation(fmt::format("{} {}: the client has closed, although its driver lives",
                                        host().name(), name()));
    }
    publishers_.clear();
    subscribers_.clear();
}

bool StreamProgram::is_ready() const {
    const auto is_connected = [](const auto& publisher) { return publisher->is_connected(); };
    const auto is_open = [](const auto& subscriber) { return subscriber->is_open(); };
    return publishers_.size() == publisher_options_.size() &&
           subscribers_.size() == subscriber_options_.size() &&
           std::ranges::all_of(publishers_, is_connected) &&
           std::ranges::all_of(subscribers_, is_open);
}

std::string StreamProgram::open_stream() const {
    const auto describe = [&](const char* what, std::uint64_t key) {
        return fmt::format("{} {} has {} of stream {:#x}", host().name(), name(), what, key);
    };
    for (const auto& publisher : publishers_) {
        if (publisher->is_open()) return describe("a publication", publisher->options().key);
    }
    for (const auto& subscriber : subscribers_) {
        if (subscriber->has_images()) return describe("an image", subscriber->options().key);
    }
    return {};
}

}  // namespace tern::sim
