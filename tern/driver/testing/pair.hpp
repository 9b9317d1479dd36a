#pragma once
// A sender and a receiver on one fake network, and as little of a conductor as makes one stream
// flow: what the data path's tests drive through whole lives.

#include <memory>
#include <optional>
#include <vector>

#include "tern/driver/cubic_congestion_control.hpp"
#include "tern/driver/receiver.hpp"
#include "tern/driver/sender.hpp"
#include "tern/driver/testing/data_path.hpp"
#include "tern/logbuffer/term_reader.hpp"

namespace tern::driver::testing {

struct PairOptions {
    std::string_view publication_uri = "aeron:udp?endpoint=127.0.0.1:24401";
    std::string_view subscription_uri = "aeron:udp?endpoint=127.0.0.1:24401";
    std::int32_t term_length = 64 * 1024;
    std::int32_t initial_term_id = INT32_MAX - 1;  // wraps early
    std::int32_t window_length = 32 * 1024;        // receiver's
    bool is_reliable = true;
    std::int64_t nak_delay_ns = 0;
    std::int64_t retransmit_delay_ns = 0;
    FlowControlOptions flow_control = {};
    std::optional<CubicOptions> cubic = {};  // else a static window
    std::int32_t session_limit = INT32_MAX;
    bool is_response = false;
    std::int64_t response_correlation_id = -1;
};

class Pair {
  public:
    explicit Pair(const PairOptions& pair_options = {})
        : options(pair_options),
          sender(context, world.platform, world.counters.system, sender_commands, world.requests),
          receiver(context, world.platform, world.counters.system, receiver_commands,
                   world.requests),
          send_endpoint({.channel = channel_of(world.network, options.publication_uri)},
                        world.network, world.counters.system, world.on_error),
          receive_endpoint({.channel = channel_of(world.network, options.subscription_uri),
                            .receiver_id = 77,
                            .stream_session_limit = options.session_limit,
                            .clock = &world.clock},
                           world.network, world.counters.system, world.on_error),
          publication_log(log_parameters(1)),
          appender(publication_log.view) {
        const NetworkPublicationParams params{
            .registration_id = 1,
            .session_id = kSessionId,
            .stream_id = kStreamId,
            .window_length = options.term_length / 2,
            .is_exclusive = true,
            .is_response = options.is_response,
            .response_correlation_id = options.response_correlation_id,
            .retransmit_delay_ns = options.retransmit_delay_ns,
            .send_timestamp = send_endpoint.channel().timestamps().channel_send,
            .clock = &world.clock};
        publication = std::make_unique<NetworkPublication>(
            params, publication_counters, publication_log.view, send_endpoint,
            make_flow_control(options.flow_control, {},
                              send_endpoint.channel().has_group_semantics(), {}),
            world.counters.system, world.clock.now_ns);
        publication->add_reference();
        sender.on_add_endpoint(send_endpoint);
        sender.on_add_publication(*publication);
        receiver.on_add_endpoint(receive_endpoint);
        receiver.on_add_subscription(receive_endpoint, kStreamId);
    }

    /// One duty cycle of everything; time moves by `step_ns`.
    void cycle(std::int64_t step_ns = 10'000) {
        world.clock.now_ns += step_ns;
        conduct();
        sender.do_work();
        receiver.do_work();
    }
    void run(int cycles, std::int64_t step_ns = 10'000) {
        for (int i = 0; i < cycles; ++i) cycle(step_ns);
    }
    /// Cycles until `done` or a second of virtual time has passed; returns whether it was done.
    template <typename Done>
    bool run_until(Done&& done) {
        for (int i = 0; i < 100'000; ++i) {
            if (done()) return true;
            cycle();
        }
        return false;
    }
    bool connect() {
        return run_until([&] {
            return image != nullptr && publication_log.view.metadata().is_connected() &&
                   publication_counters.publisher_limit.get() > appender.position();
        });
    }

    /// Publishes one message, cycling while the publisher is held back.
    void publish(ConstBytes message) {
        std::int64_t position = 0;
        ASSERT_TRUE(run_until([&] {
            position = appender.append(publication_counters.publisher_limit.get(), message);
            if (position > 0) return true;
            consume();
            return false;
        })) << "not accepted: "
            << position;
    }

    /// Subscriber: reads all that is complete, into `messages`.
    void consume() {
        if (image == nullptr) return;
        const std::int64_t end = subscriber_position + image_log->view.term_length();
        std::int32_t offset =
            logbuffer::term_offset_of(subscriber_position, image_log->view.term_length());
        const std::int32_t start = offset;
        logbuffer::read_term(image_log->view.term_at(subscriber_position), offset, 1000,
                             image_log->view.term_length(), [&](const logbuffer::Frame& frame) {
                                 const ConstBytes payload = frame.payload();
                                 messages.emplace_back(payload.begin(), payload.end());
                                 return logbuffer::ReadStep::next;
                             });
        subscriber_position += offset - start;
        ASSERT_LE(subscriber_position, end);
    }

    WorkingPositions subscribers() const {
        WorkingPositions positions;
        if (subscribed && image != nullptr) positions.add(subscriber_position);
        return positions;
    }

    PairOptions options;
    World world;
    DriverContext context;
    CommandQueue sender_commands{true, {}};
    CommandQueue receiver_commands{true, {}};
    Sender sender;
    Receiver receiver;
    SendChannelEndpoint send_endpoint;
    ReceiveChannelEndpoint receive_endpoint;
    Log publication_log;
    logbuffer::ExclusiveAppender appender;
    NetworkPublicationCounters publication_counters{
        world.counters.allocate(), world.counters.allocate(), world.counters.allocate(),
        world.counters.allocate(), world.counters.allocate(), world.counters.allocate()};
    std::unique_ptr<NetworkPublication> publication;

    std::optional<Log> image_log;
    PublicationImageCounters image_counters{world.counters.allocate(), world.counters.allocate(),
                                            world.counters.allocate()};
    memory::Counter cubic_rtt = world.counters.allocate();
    memory::Counter cubic_window = world.counters.allocate();
    std::unique_ptr<PublicationImage> image;
    std::int64_t subscriber_position = 0;
    bool subscribed = true;
    std::vector<std::vector<std::byte>> messages;
    std::vector<std::int64_t> reported_losses;
    std::vector<PublicationAction> publication_actions;
    std::vector<ImageAction> image_actions;

  private:
    logbuffer::LogParameters log_parameters(std::int64_t id) const {
        return {.correlation_id = id,
                .session_id = kSessionId,
                .stream_id = kStreamId,
                .initial_term_id = options.initial_term_id,
                .start_term_id = options.initial_term_id,
                .term_length = options.term_length,
                .mtu_length = 1408};
    }

    void conduct() {
        for (const CreateImageRequest& request : std::exchange(world.requests.images, {})) {
            create_image(request);
        }
        const std::int64_t now_ns = world.clock.now_ns;
        publication->update_publisher_limit({});
        if (image != nullptr) image->track_rebuild(now_ns, subscribers());
        if (now_ns < timer_deadline_ns_) return;
        timer_deadline_ns_ = now_ns + 1'000 * kMs;
        if (const auto action = publication->on_time_event(now_ns, {});
            action != PublicationAction::none) {
            publication_actions.push_back(action);
            if (action == PublicationAction::remove_from_sender) {
                sender.on_remove_publication(*publication);
            }
        }
        if (image == nullptr) return;
        if (const auto action = image->on_time_event(now_ns, subscribers(), subscribed);
            action != ImageAction::none) {
            image_actions.push_back(action);
            if (action == ImageAction::make_unavailable) receiver.on_remove_image(*image);
        }
    }

    void create_image(const CreateImageRequest& request) {
        ASSERT_EQ(image, nullptr) << "a second image of one session";
        image_log.emplace(log_parameters(2));
        const std::int64_t join_position = logbuffer::compute_position(
            request.setup.active_term_id, request.setup.term_offset,
            logbuffer::position_shift(request.setup.term_length), request.setup.initial_term_id);
        image = std::make_unique<PublicationImage>(
            PublicationImageParams{
                .correlation_id = 2,
                .session_id = request.setup.session_id,
                .stream_id = request.setup.stream_id,
                .join_position = join_position,
                .is_reliable = options.is_reliable,
                .is_response_requested =
                    (request.setup.header.flags & wire::setup_flags::kSendResponse) != 0,
                .source = request.source,
                .destination_id = request.destination_id,
                .on_loss = [this](std::int64_t bytes) { reported_losses.push_back(bytes); }},
            image_counters, image_log->view, receive_endpoint, make_congestion_control(),
            options.is_reliable ? FeedbackDelay::fixed(options.nak_delay_ns, 100'000)
                                : FeedbackDelay::none(),
            world.counters.system, world.clock.now_ns);
        subscriber_position = join_position;
        receiver.on_add_image(*image);
    }

    std::unique_ptr<CongestionControl> make_congestion_control() {
        if (!options.cubic) {
            return std::make_unique<StaticWindowCongestionControl>(options.window_length);
        }
        return std::make_unique<CubicCongestionControl>(
            CubicCongestionControl::Config{.options = *options.cubic,
                                           .max_window_length = options.window_length,
                                           .mtu_length = 1408,
                                           .rtt = cubic_rtt,
                                           .window_length = cubic_window},
            world.clock);
    }

    std::int64_t timer_deadline_ns_ = 0;
};

}  // namespace tern::driver::testing
