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
    PlainLink(std::int32_t stream_id, std::string publication_channel,
              std::string subscription_channel)
        : stream_id_(stream_id),
          publication_channel_(std::move(publication_channel)),
          subscription_channel_(std::move(subscription_channel)) {}

    void publish(const End& at) override {
        publishing_ = at;
        session_id_ =
            at.peer->add_publication(kPublication, at.client, publication_channel_, stream_id_);
    }
    void subscribe(const std::string& name, const End& at) override {
        subscribers_[name] = at;
        at.peer->add_subscription(name, at.client, subscription_channel_, stream_id_);
    }
    std::vector<StreamId> connect(const std::string& name) override {
        const StreamId stream{kPublication, session_id_};
        await_stream(publishing_, stream, name);
        return {stream};
    }

  private:
    std::int32_t stream_id_;
    std::string publication_channel_;
    std::string subscription_channel_;
    End publishing_;
    std::int32_t session_id_ = 0;
};

/// A publication that is told each subscriber's endpoint: the first one's before anybody is there.
class MdcManualLink final : public Link {
  public:
    MdcManualLink(MatrixWorld& world, std::string options)
        : platform_(world.platform()),
          stream_id_(world.next_stream_id()),
          options_(std::move(options)) {}

    void publish(const End& at) override {
        publishing_ = at;
        session_id_ = at.peer->add_publication(
            kPublication, at.client, "aeron:udp?control-mode=manual" + options_, stream_id_);
        destinations_.clear();
        add_destination(kFirst);
    }
    void subscribe(const std::string& name, const End& at) override {
        subscribers_[name] = at;
        at.peer->add_subscription(name, at.client, channel_of(name), stream_id_);
    }
    std::vector<StreamId> connect(const std::string& name) override {
        add_destination(name);
        const StreamId stream{kPublication, session_id_};
        await_stream(publishing_, stream, name);
        return {stream};
    }

  private:
    void add_destination(const std::string& name) {
        if (!destinations_.insert(name).second) return;
        publishing_.peer->add_destination(kPublication, channel_of(name));
    }
    const std::string& channel_of(const std::string& name) {
        std::string& channel = channels_[name];
        if (channel.empty()) channel = unicast_channel(platform_);
        return channel;
    }

    platform::Platform platform_;
    std::int32_t stream_id_;
    std::string options_;
    std::map<std::string, std::string> channels_;  // of the subscribers, by name
    std::set<std::string> destinations_;           // names of those that were added
    End publishing_;
    std::int32_t session_id_ = 0;
};

/// Two publications, one to a unicast and one to a multicast endpoint, in one subscription that has
/// both as destinations. A second subscriber takes the multicast one only.
class MdsLink final : public Link {
  public:
    MdsLink(MatrixWorld& world, std::string options)
        : stream_id_(world.next_stream_id()),
          options_(std::move(options)),
          unicast_(unicast_channel(world.platform())),
          multicast_(multicast_channel(world.platform())) {}

    void publish(const End& at) override {
        publishing_ = at;
        streams_.clear();
        add_publication("to_multicast", multicast_ + options_);
        add_publication("to_unicast", unicast_);
    }
    void subscribe(const std::string& name, const End& at) override {
        subscribers_[name] = at;
        at.peer->add_subscription(name, at.client, "aeron:udp?control-mode=manual", stream_id_);
        at.peer->add_destination(name, multicast_);
        if (name == kFirst) at.peer->add_destination(name, unicast_);
    }
    std::vector<StreamId> connect(const std::string& name) override {
        std::vector<StreamId> streams = streams_;
        if (name != kFirst) streams.resize(1);
        for (const StreamId& stream : streams) await_stream(publishing_, stream, name);
        return streams;
    }

  private:
    void add_publication(const std::string& name, const std::string& channel) {
        const std::int32_t session_id =
            publishing_.peer->add_publication(name, publishing_.client, channel, stream_id_);
        streams_.push_back({name, session_id});
    }

    std::int32_t stream_id_;
    std::string options_;
    std::string unicast_;
    std::string multicast_;
    End publishing_;
    std::vector<StreamId> streams_;
};

/// Subscribers ask by a request publication for a stream of their own; the publishing side answers
/// each request's image with a response publication.
class ResponseLink final : public Link {
  public:
    explicit ResponseLink(MatrixWorld& world)
        : request_stream_id_(world.next_stream_id()),
          response_stream_id_(world.next_stream_id()),
          request_(unicast_channel(world.platform())),
          response_("aeron:udp?control-mode=response|control=" + free_endpoint(world.platform())) {}

    void publish(const End& at) override {
        publishing_ = at;
        at.peer->add_subscription("requests", at.client, request_, request_stream_id_);
    }
    void subscribe(const std::string& name, const End& at) override {
        subscribers_[name] = at;
        const std::int64_t id =
            at.peer->add_subscription(name, at.client, response_, response_stream_id_);
        request_sessions_[name] = at.peer->add_publication(
            "request_" + name, at.client,
            fmt::format("{}|response-correlation-id={}", request_, id), request_stream_id_);
    }
    std::vector<StreamId> connect(const std::string& name) override {
        const std::int64_t image =
            publishing_.peer->await_image("requests", request_sessions_.at(name));
        const std::string publication =
            fmt::format("response_{}_{}", name, request_sessions_.at(name));
        const std::int32_t session_id = publishing_.peer->add_publication(
            publication, publishing_.client,
            fmt::format("{}|response-correlation-id={}", response_, image), response_stream_id_);
        const StreamId stream{publication, session_id};
        await_stream(publishing_, stream, name);
        return {stream};
    }

  private:
    std::int32_t request_stream_id_;
    std::int32_t response_stream_id_;
    std::string request_;
    std::string response_;
    End publishing_;
    std::map<std::string, std::int32_t> request_sessions_;  // by subscriber
};

}  // namespace

void Link::await_stream(const End& publishing, const StreamId& stream, const std::string& name) {
    publishing.peer->await_connected(stream.publication);
    subscriber(name).peer->await_image(name, stream.session_id);
}

std::unique_ptr<Link> make_link(Transport transport, MatrixWorld& world, bool many) {
    const auto plain = [&](const std::string& publication, const std::string& subscription) {
        return std::make_unique<PlainLink>(world.next_stream_id(), publication, subscription);
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
