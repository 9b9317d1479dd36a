#include "tests/support/lossy_relay.hpp"

#include <gtest/gtest.h>

#include <array>

#include "tern/base/duration.hpp"
#include "tern/base/error.hpp"
#include "tern/platform/idle_strategy.hpp"

namespace tern::support {
namespace {

constexpr std::size_t kBatch = 64;
constexpr std::uint32_t kBufferLength = 4 << 20;
/// What is held back waits for so many others of either direction, or until nothing comes.
constexpr std::uint32_t kHeldFor = 4;
constexpr std::int64_t kSilenceNs = kNanosPerMilli;

}  // namespace

LossyRelay::LossyRelay(platform::Platform platform, const std::string& target, RelayFaults faults,
                       std::uint64_t seed, Observer observer)
    : platform_(platform),
      target_(*platform::SocketAddress::parse(target)),
      faults_(faults),
      prng_(seed),
      observer_(std::move(observer)),
      front_(open()),
      runner_(*this, platform::make_idle_strategy("backoff"),
              [](const std::exception& error) { ADD_FAILURE() << "relay: " << error.what(); }) {
    runner_.start();
}

LossyRelay::~LossyRelay() { runner_.close(); }

std::unique_ptr<platform::UdpSocket> LossyRelay::open() const {
    platform::UdpSocketOptions options;
    options.bind_address = *platform::SocketAddress::parse("127.0.0.1:0");
    options.receive_buffer_length = kBufferLength;
    auto socket = platform_.network.open(options);
    if (!socket) throw Error(socket.error().text);
    return std::move(*socket);
}

int LossyRelay::do_work() {
    int work = pass_forward();
    for (auto& [sender, path] : paths_) work += pass_back(sender, path);
    const std::int64_t now_ns = platform_.clock.nano_time();
    if (work > 0) last_arrival_ns_ = now_ns;
    release_held(now_ns - last_arrival_ns_ > kSilenceNs);
    return work;
}

LossyRelay::Path& LossyRelay::path_of(const platform::SocketAddress& sender) {
    Path& path = paths_[sender];
    if (!path.back) path.back = open();
    return path;
}

int LossyRelay::pass_forward() {
    std::array<platform::Datagram, kBatch> datagrams;
    const std::size_t received = front_->receive(datagrams);
    for (const platform::Datagram& datagram : std::span(datagrams).first(received)) {
        Path& path = path_of(datagram.source);
        const Passing passing{true, is_lost(path.lost_forward), datagram.bytes, datagram.source};
        pass(passing, *path.back, target_);
    }
    return static_cast<int>(received);
}

int LossyRelay::pass_back(const platform::SocketAddress& sender, Path& path) {
    std::array<platform::Datagram, kBatch> datagrams;
    const std::size_t received = path.back->receive(datagrams);
    for (const platform::Datagram& datagram : std::span(datagrams).first(received)) {
        const Passing passing{false, is_lost(path.lost_back), datagram.bytes, sender};
        pass(passing, *front_, sender);
    }
    return static_cast<int>(received);
}

void LossyRelay::pass(const Passing& passing, platform::UdpSocket& from,
                      const platform::SocketAddress& to) {
    observer_(passing);
    for (Held& held : held_) --held.datagrams_left;
    if (!passing.lost) {
        const bool healed = healed_.load(std::memory_order_acquire);
        if (!healed && prng_.chance(faults_.hold_ppm)) {
            held_.push_back({{passing.bytes.begin(), passing.bytes.end()}, &from, to, kHeldFor});
        } else {
            send(from, to, passing.bytes);
            if (!healed && prng_.chance(faults_.duplicate_ppm)) send(from, to, passing.bytes);
        }
    }
    release_held(false);
}

bool LossyRelay::is_lost(std::uint32_t& lost) {
    if (healed_.load(std::memory_order_acquire)) return false;
    if (lost == 0 && prng_.chance(faults_.loss_ppm)) lost = faults_.loss_length;
    if (lost == 0) return false;
    --lost;
    return true;
}

void LossyRelay::release_held(bool all) {
    while (!held_.empty() && (all || held_.front().datagrams_left == 0)) {
        const Held& held = held_.front();
        send(*held.from, held.to, held.bytes);
        held_.pop_front();
    }
}

void LossyRelay::send(platform::UdpSocket& from, const platform::SocketAddress& to,
                      ConstBytes bytes) {
    const platform::Train train{bytes, static_cast<std::uint32_t>(bytes.size()), &to};
    static_cast<void>(from.send(std::span(&train, 1)));
}

}  // namespace tern::support
