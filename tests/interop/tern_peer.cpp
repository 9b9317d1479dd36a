#include <fmt/format.h>

#include <array>
#include <map>
#include <mutex>
#include <vector>

#include "peer.hpp"
#include "tern/base/error.hpp"
#include "tern/client/aeron.hpp"
#include "tern/platform/idle_strategy.hpp"

namespace tern::interop {
namespace {

constexpr std::int64_t kPatienceNs = 30 * kNanosPerSecond;
constexpr int kFragmentLimit = 32;

/// A publication and what it is to offer.
class Sender {
  public:
    explicit Sender(std::unique_ptr<client::Publication> made) : publication(std::move(made)) {}

    void offer(const CheckedMessages& messages, std::int64_t from, std::int64_t to) {
        messages_ = messages;
        next_ = from;
        end_ = to;
    }
    [[nodiscard]] bool is_done() const { return next_ == end_; }
    int work() {
        int work = 0;
        while (next_ < end_ && work < kFragmentLimit && send(messages_.write(buffer_, next_)) > 0) {
            ++next_;
            ++work;
        }
        return work;
    }

    const std::unique_ptr<client::Publication> publication;

  private:
    std::int64_t send(ConstBytes message) {
        const auto length = static_cast<std::int32_t>(message.size());
        if (next_ % 3 == 1 && length <= publication->max_payload_length()) {
            client::BufferClaim claim;
            const std::int64_t result = publication->try_claim(length, claim);
            if (result > 0) {
                std::ranges::copy(message, claim.payload().begin());
                claim.commit();
            }
            return result;
        }
        if (next_ % 3 == 2) {
            const std::size_t first = message.size() / 3;
            const std::size_t second = message.size() / 2;
            const std::array<ConstBytes, 3> parts = {message.first(first),
                                                     message.subspan(first, second - first),
                                                     message.subspan(second)};
            return publication->offer(parts);
        }
        return publication->offer(message);
    }

    CheckedMessages messages_;
    std::int64_t next_ = 0;
    std::int64_t end_ = 0;
    std::vector<std::byte> buffer_ = std::vector<std::byte>(kMaxCheckedLength);
};

/// What has come of one session.
struct Stream {
    StreamSummary summary;
    client::FragmentAssembler<> assembler{
        [this](ConstBytes message, const client::Header&) { summary.add(message); }};
};

/// A subscription and what has come on its images.
struct Receiver {
    std::unique_ptr<client::Subscription> subscription;
    std::map<std::int32_t, Stream> streams;  // by session

    int work() {
        int work = 0;
        for (const auto& image : subscription->images()) {
            work += image->poll(streams[image->session_id()].assembler, kFragmentLimit);
        }
        return work;
    }
};

class TernPeer final : public Peer, private Agent {
  public:
    explicit TernPeer(platform::Platform platform) : platform_(platform) { runner_.start(); }

    void connect(const std::string& client, const std::string& aeron_directory) override {
        client::Context context;
        context.aeron_directory = aeron_directory;
        context.idle_sleep_duration_ns = kNanosPerMilli;
        context.keepalive_interval_ns = 100 * kNanosPerMilli;
        context.error_handler = [this, client](const std::exception& error) {
            add_error(client, error);
        };
        clients_[client] = client::Aeron::connect(context, platform_);
    }

    void await_lost(const std::string& client) override {
        auto lost = std::move(clients_.extract(client).mapped());
        await([&] { return lost->is_closed(); }, "the end of client " + client);
        lost.reset();
        const std::scoped_lock lock(mutex_);
        if (errors_.erase(client) == 0) throw Error(client + " was not told why it has ended");
        std::erase_if(senders_, [](auto& each) { return each.second.publication->is_closed(); });
        std::erase_if(receivers_, [](auto& each) { return each.second.subscription->is_closed(); });
    }

    std::int32_t add_publication(const std::string& name, const std::string& client,
                                 const std::string& channel, std::int32_t stream_id) override {
        auto publication = clients_.at(client)->add_publication(channel, stream_id);
        const std::int32_t session_id = publication->session_id();
        const std::scoped_lock lock(mutex_);
        senders_.erase(name);
        senders_.try_emplace(name, std::move(publication));
        return session_id;
    }

    std::int64_t add_subscription(const std::string& name, const std::string& client,
                                  const std::string& channel, std::int32_t stream_id) override {
        auto subscription = clients_.at(client)->add_subscription(channel, stream_id);
        const std::int64_t registration_id = subscription->registration_id();
        const std::scoped_lock lock(mutex_);
        receivers_[name].subscription = std::move(subscription);
        return registration_id;
    }

    void add_destination(const std::string& name, const std::string& channel) override {
        if (const auto found = senders_.find(name); found != senders_.end()) {
            found->second.publication->add_destination(channel);
        } else {
            receivers_.at(name).subscription->add_destination(channel);
        }
    }

    void await_connected(const std::string& publication) override {
        await([&] { return senders_.at(publication).publication->is_connected(); },
              "a subscriber of " + publication);
    }

    std::int64_t await_image(const std::string& subscription, std::int32_t session_id) override {
        std::shared_ptr<client::Image> image;
        await(
            [&] {
                image = receivers_.at(subscription).subscription->image_by_session_id(session_id);
                return image != nullptr;
            },
            "an image of " + subscription);
        return image->correlation_id();
    }

    void offer(const std::string& publication, const CheckedMessages& messages, std::int64_t from,
               std::int64_t to) override {
        const std::scoped_lock lock(mutex_);
        senders_.at(publication).offer(messages, from, to);
    }

    void await_sent(const std::string& publication) override {
        await([&] { return senders_.at(publication).is_done(); },
              "the sending of all of " + publication);
    }

    StreamSummary receive(const std::string& subscription, std::int32_t session_id,
                          std::int64_t to) override {
        StreamSummary summary;
        try {
            await(
                [&] {
                    summary = receivers_.at(subscription).streams[session_id].summary;
                    return !summary.in_order || summary.next >= to;
                },
                "the rest of " + subscription);
        } catch (const Error& error) {
            throw Error(fmt::format("{}, so far {}", error.what(), summary.text()));
        }
        return summary;
    }

    std::string reset() override {
        const std::scoped_lock lock(mutex_);
        senders_.clear();
        receivers_.clear();
        std::string result;
        for (const auto& [client, error] : std::exchange(errors_, {})) {
            result += fmt::format("{}: {}\n", client, error);
        }
        return result;
    }

  private:
    int do_work() override {
        const std::scoped_lock lock(mutex_);
        int work = 0;
        for (auto& [name, sender] : senders_) work += sender.work();
        for (auto& [name, receiver] : receivers_) work += receiver.work();
        return work;
    }
    [[nodiscard]] std::string_view role_name() const override { return "tern-peer"; }

    void add_error(const std::string& client, const std::exception& error) {
        const std::scoped_lock lock(mutex_);
        errors_.emplace(client, error.what());
    }

    /// Looks, under the lock, until the condition holds.
    template <typename Condition>
    void await(Condition&& condition, const std::string& what) {
        const auto idle = platform::make_idle_strategy("backoff");
        const std::int64_t deadline_ns = platform_.clock.nano_time() + kPatienceNs;
        const auto holds = [&] {
            const std::scoped_lock lock(mutex_);
            return condition();
        };
        while (!holds()) {
            if (platform_.clock.nano_time() > deadline_ns) {
                throw Error("waited in vain for " + what);
            }
            idle->idle(0);
        }
    }

    platform::Platform platform_;
    std::mutex mutex_;  // of what follows, which the runner's thread works on
    std::multimap<std::string, std::string> errors_;  // by client
    std::map<std::string, std::unique_ptr<client::Aeron>> clients_;
    std::map<std::string, Sender> senders_;
    std::map<std::string, Receiver> receivers_;
    platform::AgentRunner runner_{
        *this, platform::make_idle_strategy("backoff"),
        [this](const std::exception& error) { add_error("peer", error); }};
};

}  // namespace

std::unique_ptr<Peer> make_tern_peer(platform::Platform platform) {
    return std::make_unique<TernPeer>(platform);
}

}  // namespace tern::interop
