#include "matrix_link.hpp"

#include <fmt/format.h>

#include <set>

#include "tests/support/scratch_directory.hpp"

namespace tern::interop {
namespace {

using support::free_endpoint;

constexpr const char* kPublication = "publication";

std::string multicast_channel(platform::Platform platform) {
    const std::string endpoint = free_endpoint(platform);
    return "aeron:udp?interface=127.0.0.1|endpoint=224.20.30.41" +
           endpoint.substr(endpoint.find(':'));
}

std::string unicast_channel(platform::Platform platform) {
    return "aeron:udp?endpoint=" + free_endpoint(platform);
}

/// One publication, one channel for all subscribers.
class PlainLink final : public Link {
  public:
    PlainLink(MatrixWorld& world, std::string publication_channel, std::string subscription_channel)
        : Link(world),
          publication_channel_(std::move(publication_channel)),
          subscription_channel_(std::move(subscription_channel)) {}

    void publish(const End& at) override {
        publishing_ = at;
        stream_ = add_publication(kPublication, publication_channel_, stream_id());
    }
    void subscribe(const std::string& name, const End& at) override {
        add_subscription(name, at, subscription_channel_, stream_id());
    }
    std::vector<StreamId> connect(const std::string& name) override {
        await_stream(stream_, name);
        return {stream_};
    }

  private:
    std::string publication_channel_;
    std::string subscription_channel_;
    StreamId stream_;
};

/// A publication that is told each subscriber's endpoint: the first one's before anybody is there.
class MdcManualLink final : public Link {
  public:
    MdcManualLink(MatrixWorld& world, std::string options)
        : Link(world), platform_(world.platform()), options_(std::move(options)) {}

    void publish(const End& at) override {
        publishing_ = at;
        stream_ =
            add_publication(kPublication, "aeron:udp?control-mode=manual" + options_, stream_id());
        destinations_.clear();
        add_destination(kFirst);
    }
    void subscribe(const std::string& name, const End& at) override {
        add_subscription(name, at, channel_of(name), stream_id());
    }
    std::vector<StreamId> connect(const std::string& name) override {
        add_destination(name);
        await_stream(stream_, name);
        return {stream_};
    }

  private:
    void add_destination(const std::string& name) {
        if (!destinations_.insert(name).second) return;
        publisher().add_destination(stream_.publication, channel_of(name));
    }
    const std::string& channel_of(const std::string& name) {
        std::string& channel = channels_[name];
        if (channel.empty()) channel = unicast_channel(platform_);
        return channel;
    }

    platform::Platform platform_;
    std::string options_;
    std::map<std::string, std::string> channels_;  // of the subscribers, by name
    std::set<std::string> destinations_;           // names of those that were added
    StreamId stream_;
};

/// Two publications, one to a unicast and one to a multicast endpoint, in one subscription that has
/// both as destinations. A second subscriber takes the multicast one only.
class MdsLink final : public Link {
  public:
    MdsLink(MatrixWorld& world, std::string options)
        : Link(world),
          options_(std::move(options)),
          unicast_(unicast_channel(world.platform())),
          multicast_(multicast_channel(world.platform())) {}

    void publish(const End& at) override {
        publishing_ = at;
        streams_ = {add_publication("to_multicast", multicast_ + options_, stream_id()),
                    add_publication("to_unicast", unicast_, stream_id())};
    }
    void subscribe(const std::string& name, const End& at) override {
        add_subscription(name, at, "aeron:udp?control-mode=manual", stream_id());
        at.peer->add_destination(unique(name), multicast_);
        if (name == kFirst) at.peer->add_destination(unique(name), unicast_);
    }
    std::vector<StreamId> connect(const std::string& name) override {
        std::vector<StreamId> streams = streams_;
        if (name != kFirst) streams.pop_back();
        for (const StreamId& stream : streams) await_stream(stream, name);
        return streams;
    }

  private:
    std::string options_;
    std::string unicast_;
    std::string multicast_;
    std::vector<StreamId> streams_;
};

/// Subscribers ask by a request publication for a stream of their own; the publishing side answers
/// each request's image with a response publication.
class ResponseLink final : public Link {
  public:
    explicit ResponseLink(MatrixWorld& world)
        : Link(world),
          request_(unicast_channel(world.platform())),
          response_("aeron:udp?control-mode=response|control=" + free_endpoint(world.platform())) {}

    void publish(const End& at) override {
        publishing_ = at;
        at.peer->add_subscription(unique("requests"), at.client, request_, stream_id());
    }
    void subscribe(const std::string& name, const End& at) override {
        const std::int64_t id = add_subscription(name, at, response_, stream_id() + 1);
        request_sessions_[name] = at.peer->add_publication(
            unique("request_" + name), at.client,
            fmt::format("{}|response-correlation-id={}", request_, id), stream_id());
    }
    std::vector<StreamId> connect(const std::string& name) override {
        const std::int64_t image =
            publisher().await_image(unique("requests"), request_sessions_.at(name));
        const StreamId stream = add_publication(
            "response_" + name, fmt::format("{}|response-correlation-id={}", response_, image),
            stream_id() + 1);
        await_stream(stream, name);
        return {stream};
    }

  private:
    std::string request_;
    std::string response_;
    std::map<std::string, std::int32_t> request_sessions_;  // by subscriber
};

}  // namespace

Link::Link(MatrixWorld& world) : stream_id_(world.next_stream_id()) {}

std::string Link::unique(const std::string& name) const {
    return fmt::format("{}_{}", stream_id_, name);
}

StreamId Link::add_publication(const std::string& name, const std::string& channel,
                               std::int32_t stream_id) {
    const std::int32_t session_id =
        publisher().add_publication(unique(name), publishing_.client, channel, stream_id);
    return {unique(name), session_id};
}

std::int64_t Link::add_subscription(const std::string& name, const End& at,
                                    const std::string& channel, std::int32_t stream_id) {
    subscribers_[name] = at;
    return at.peer->add_subscription(unique(name), at.client, channel, stream_id);
}

void Link::await_stream(const StreamId& stream, const std::string& name) const {
    publisher().await_connected(stream.publication);
    subscribers_.at(name).peer->await_image(unique(name), stream.session_id);
}

StreamSummary Link::receive(const std::string& name, const StreamId& stream,
                            std::int64_t to) const {
    return subscribers_.at(name).peer->receive(unique(name), stream.session_id, to);
}

std::unique_ptr<Link> make_link(Transport transport, MatrixWorld& world, bool many) {
    const auto plain = [&](const std::string& publication, const std::string& subscription) {
        return std::make_unique<PlainLink>(world, publication, subscription);
    };
    const std::string options = many ? "|fc=min" : "";
    switch (transport) {
        case Transport::ipc:
            return plain("aeron:ipc", "aeron:ipc");
        case Transport::unicast: {
            const std::string channel = unicast_channel(world.platform());
            return plain(channel, channel);
        }
        case Transport::multicast: {
            const std::string channel = multicast_channel(world.platform());
            return plain(channel + options, channel);
        }
        case Transport::mdc_dynamic: {
            const std::string channel =
                "aeron:udp?control-mode=dynamic|control=" + free_endpoint(world.platform());
            return plain(channel + options, channel + "|endpoint=127.0.0.1:0");
        }
        case Transport::spy: {
            const std::string channel = unicast_channel(world.platform());
            return plain(channel + "|ssc=true", "aeron-spy:" + channel);
        }
        case Transport::mdc_manual:
            return std::make_unique<MdcManualLink>(world, options);
        case Transport::mds:
            return std::make_unique<MdsLink>(world, options);
        case Transport::response:
            return std::make_unique<ResponseLink>(world);
    }
    return nullptr;
}

}  // namespace tern::interop
