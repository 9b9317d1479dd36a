// The parts of the client's interface that a program meets beside offering and polling (CLI-24).

#include <gmock/gmock.h>

#include <fstream>

#include "tern/client/cnc_reader.hpp"
#include "tern/client/testing/client_fixture.hpp"
#include "tern/memory/readable_counter.hpp"
#include "tern/memory/system_counters.hpp"

namespace tern::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using wire::CommandId;
using wire::ResponseId;
constexpr std::int32_t kStream = 10;

class ClientApiTest : public testing::ClientFixture {
  protected:
    void SetUp() override { connect(); }

    /// How often the file is mapped in this process. The driver's half of the test has it, too,
    /// until it removes the file.
    [[nodiscard]] static int mappings_of(const std::string& path) {
        std::ifstream maps("/proc/self/maps");
        int count = 0;
        for (std::string line; std::getline(maps, line);) count += line.contains(path) ? 1 : 0;
        return count;
    }
};

// ---- Adding.

TEST_F(ClientApiTest, new_resources_are_told_to_their_handlers) {
    std::vector<std::string> told;
    auto ours = context();
    ours.new_publication_handler = [&](auto channel, auto stream, auto session, auto id) {
        told.push_back(fmt::format("{} {} {}", channel, stream, id));
        EXPECT_EQ(driver_->publications().at(id).session_id, session);
    };
    ours.new_subscription_handler = [&](auto channel, auto stream, auto id) {
        told.push_back(fmt::format("{} {} {}", channel, stream, id));
        aeron_->abandon(id);  // allowed, as everything that does not wait
    };
    aeron_ = Aeron::connect(ours, platform_);
    const auto one = aeron_->async_add_publication("aeron:ipc?alias=p", kStream);
    const auto two = aeron_->async_add_exclusive_publication("aeron:ipc?alias=x", kStream);
    const auto three = aeron_->async_add_subscription("aeron:ipc?alias=s", kStream);
    turns(2);
    EXPECT_THAT(told, ElementsAre(fmt::format("aeron:ipc?alias=p 10 {}", one),
                                  fmt::format("aeron:ipc?alias=x 10 {}", two),
                                  fmt::format("aeron:ipc?alias=s 10 {}", three)));
    EXPECT_NE(aeron_->find_publication(one), nullptr);
    EXPECT_TRUE(driver_->subscriptions().empty());
}

TEST_F(ClientApiTest, exclusive_publications_have_a_handler_of_their_own) {
    int publications = 0;
    int exclusive_ones = 0;
    auto ours = context();
    ours.new_publication_handler = [&](auto, auto, auto, auto) { ++publications; };
    ours.new_exclusive_publication_handler = [&](auto, auto, auto, auto) { ++exclusive_ones; };
    aeron_ = Aeron::connect(ours, platform_);
    const auto exclusive = aeron_->add_exclusive_publication("aeron:ipc", kStream);
    EXPECT_EQ(publications, 0);
    EXPECT_EQ(exclusive_ones, 1);
}

TEST_F(ClientApiTest, exclusive_publication_that_is_shared_is_reported) {
    driver_serves_ = false;
    const auto id = aeron_->async_add_exclusive_publication("aeron:ipc", kStream);
    const auto path =
        driver_->create_log(1234, 1, kStream, logbuffer::LogType::exclusive_publication);
    driver_->send(ResponseId::on_exclusive_publication_ready,
                  wire::PublicationReady{id, 1234, 1, kStream, 0, -1, path});
    turn();
    EXPECT_THAT(errors_, ElementsAre(HasSubstr("registrationId=1234")));
    EXPECT_NE(aeron_->find_exclusive_publication(id), nullptr);
}

TEST_F(ClientApiTest, commands_are_active_until_they_are_answered) {
    driver_serves_ = false;
    EXPECT_FALSE(aeron_->has_active_commands());
    const auto id = aeron_->async_add_publication("aeron:ipc", kStream);
    EXPECT_TRUE(aeron_->is_command_active(id));
    EXPECT_TRUE(aeron_->has_active_commands());
    EXPECT_FALSE(aeron_->is_command_active(id + 1));
    driver_->serve();
    turn();
    EXPECT_FALSE(aeron_->is_command_active(id));
    EXPECT_FALSE(aeron_->has_active_commands());
    aeron_->find_publication(id).reset();
    EXPECT_TRUE(aeron_->has_active_commands()) << "the removal";
    driver_->serve();
    turn();
    EXPECT_FALSE(aeron_->has_active_commands());
    aeron_->async_add_publication("aeron:ipc", kStream);
    aeron_->close();
    EXPECT_FALSE(aeron_->has_active_commands());
}

TEST_F(ClientApiTest, session_ids_of_a_driver_that_gives_them) {
    while (driver_->counters()
               .allocate({.type_id = memory::counter_type::kSystem, .registration_id = 43})
               .id() < 43) {
    }
    driver_->counters().counter(43).set(memory::kControlProtocolVersion);
    connect();
    EXPECT_EQ(aeron_->next_session_id(kStream), 101);
    EXPECT_EQ(aeron_->next_session_id(kStream), 102);
    EXPECT_EQ(driver_->served(CommandId::get_next_available_session_id), 2);
}

// ---- Destinations.

TEST_F(ClientApiTest, receive_destinations_name_the_subscription) {
    auto subscription = aeron_->add_subscription("aeron:udp?control-mode=manual", kStream);
    driver_serves_ = false;
    const auto added = subscription->async_add_destination("aeron:udp?endpoint=a:1");
    const auto add = next(CommandId::add_rcv_destination)->as<wire::DestinationCommand>();
    EXPECT_EQ(add.registration_id, subscription->registration_id());
    EXPECT_EQ(add.channel, "aeron:udp?endpoint=a:1");
    driver_->send_success(added);
    turn();
    EXPECT_TRUE(aeron_->is_operation_complete(added));
    subscription->async_remove_destination("aeron:udp?endpoint=a:1");
    const auto remove = next(CommandId::remove_rcv_destination)->as<wire::DestinationCommand>();
    EXPECT_EQ(remove.registration_id, subscription->registration_id());
    EXPECT_EQ(remove.channel, "aeron:udp?endpoint=a:1");
}

TEST_F(ClientApiTest, refused_destination_throws_from_the_call_that_waited) {
    auto ours = context();
    ours.await_idle = [this] {
        while (auto command = driver_->next_command()) {
            if (command->id != CommandId::add_rcv_destination &&
                command->id != CommandId::remove_destination_by_id) {
                driver_->serve(*command);
                continue;
            }
            driver_->send_error(command->as<wire::ClientCommand>().correlation_id,
                                wire::ErrorCode::invalid_channel, "WARN - no manual control");
        }
        clock_.advance(kNanosPerMilli);
        aeron_->do_work();
    };
    aeron_ = Aeron::connect(ours, platform_);
    const auto subscription = aeron_->add_subscription("aeron:ipc", kStream);
    const auto publication = aeron_->add_publication("aeron:ipc", kStream);
    EXPECT_GT(publication->add_destination("aeron:udp?endpoint=a:1"), 0);
    EXPECT_THROW(publication->remove_destination(5), RegistrationException);
    try {
        subscription->add_destination("aeron:udp?endpoint=a:1");
        FAIL();
    } catch (const RegistrationException& refused) {
        EXPECT_EQ(refused.code(), 1);
        EXPECT_STREQ(refused.what(),
                     "ADD_RCV_DESTINATION aeron:udp?endpoint=a:1 of subscription aeron:ipc: no "
                     "manual control, errorCodeValue=1");
    }
}

// ---- Images.

TEST_F(ClientApiTest, image_rejects_but_not_that_of_a_spy) {
    auto subscription = aeron_->add_subscription("aeron:ipc", kStream);
    auto spy = aeron_->add_subscription("aeron-spy:aeron:udp?endpoint=a:1", kStream);
    auto publication = aeron_->add_publication("aeron:ipc", kStream);
    turn();
    driver_serves_ = false;
    EXPECT_THROW(spy->image_at(0)->reject("no"), InvalidArgument);
    EXPECT_THROW(subscription->image_at(0)->reject(std::string(1024, 'x')), InvalidArgument);
    EXPECT_FALSE(next(CommandId::reject_image));
    const auto id = subscription->image_at(0)->reject("no");
    const auto command = next(CommandId::reject_image);
    ASSERT_TRUE(command);
    EXPECT_GE(command->bytes.size(), 40U) << "shorter ones are malformed for upstream's C driver";
    const auto reject = command->as<wire::RejectImage>();
    EXPECT_EQ(reject.client_id, aeron_->client_id());
    EXPECT_EQ(reject.correlation_id, id);
    EXPECT_EQ(reject.image_correlation_id, publication->registration_id());
    EXPECT_EQ(reject.reason, "no");
}

TEST_F(ClientApiTest, images_are_visited_found_and_counted) {
    auto subscription = aeron_->add_subscription("aeron:ipc", kStream);
    EXPECT_TRUE(subscription->has_no_images());
    EXPECT_FALSE(subscription->is_connected());
    auto one = aeron_->add_exclusive_publication("aeron:ipc", kStream);
    auto two = aeron_->add_exclusive_publication("aeron:ipc", kStream);
    turn();
    std::vector<std::int32_t> sessions;
    EXPECT_EQ(subscription->for_each_image(
                  [&](const auto& image) { sessions.push_back(image->session_id()); }),
              2U);
    EXPECT_THAT(sessions, ElementsAre(one->session_id(), two->session_id()));
    EXPECT_EQ(subscription->image_by_session_id(two->session_id()), subscription->image_at(1));
    EXPECT_EQ(subscription->image_by_session_id(-1), nullptr);
    EXPECT_EQ(subscription->image_at(2), nullptr);
    EXPECT_EQ(subscription->images().size(), 2U);

    ASSERT_GT(one->offer(bytes("a")), 0);
    ASSERT_GT(two->offer(bytes("b")), 0);
    std::vector<std::string> files;
    EXPECT_EQ(subscription->raw_poll(
                  [&](const RawBlock& block) { files.push_back(block.log_file); }, 1 << 16),
              128);
    EXPECT_THAT(files, ElementsAre(driver_->log_path(one->registration_id()),
                                   driver_->log_path(two->registration_id())));
    subscription->close();
    EXPECT_FALSE(subscription->is_connected());
    EXPECT_EQ(subscription->for_each_image([](const auto&) {}), 0U);
}

TEST_F(ClientApiTest, image_that_begins_within_a_frame_is_reported_and_dropped) {
    auto subscription = aeron_->add_subscription("aeron:ipc", kStream);
    const auto path = driver_->create_log(1234, 1, kStream, logbuffer::LogType::image);
    const auto counter = driver_->counters().allocate({.type_id = 4, .label = "sub-pos"});
    for (const std::int64_t position : {33, -32}) {
        counter.set(position);
        driver_->send(ResponseId::on_available_image,
                      wire::ImageReady{1234, 1, kStream, subscription->registration_id(),
                                       counter.id(), path, "1.2.3.4:5"});
        turn();
        EXPECT_FALSE(subscription->is_connected()) << position;
    }
    EXPECT_EQ(errors_.size(), 2U);
}

TEST_F(ClientApiTest, unavailable_image_answers_with_what_was_true_at_the_end) {
    bool told = false;
    auto subscription = aeron_->add_subscription(
        "aeron:ipc", kStream, {.available = {}, .unavailable = [&](const auto& image) {
                                   told = true;
                                   EXPECT_TRUE(image->is_closed());
                                   EXPECT_TRUE(image->is_publication_revoked());
                                   EXPECT_TRUE(image->is_end_of_stream());
                                   EXPECT_EQ(image->end_of_stream_position(), 64);
                                   EXPECT_EQ(image->position(), 64);
                                   EXPECT_EQ(image->active_transport_count(), 0);
                                   EXPECT_EQ(image->initial_term_id(), 7);
                               }});
    auto publication = aeron_->add_publication("aeron:ipc", kStream);
    turn();
    ASSERT_GT(publication->offer(bytes("x")), 0);
    EXPECT_EQ(subscription->poll([](ConstBytes, const Header&) {}, 10), 1);
    const auto log = driver_->log(publication->registration_id());
    log.metadata().set_end_of_stream_position(64);
    log.metadata().set_publication_revoked();
    const auto id = publication->registration_id();
    driver_->send_unavailable_image(id, subscription->registration_id());
    turn();
    log.metadata().set_end_of_stream_position(128);  // of no concern any more
    EXPECT_TRUE(told);
}

// ---- Memory.

TEST_F(ClientApiTest, claim_may_be_committed_while_the_log_of_a_closed_publication_lingers) {
    auto publication = aeron_->add_publication("aeron:ipc", kStream);
    const std::string path = driver_->log_path(publication->registration_id());
    BufferClaim claim;
    ASSERT_GT(publication->try_claim(8, claim), 0);
    publication.reset();
    pass(aeron_->context().resource_linger_ns / 2);
    claim.commit();
    EXPECT_FALSE(claim);
    EXPECT_EQ(mappings_of(path), 1);
    pass(aeron_->context().resource_linger_ns);
    EXPECT_EQ(mappings_of(path), 0) << "given back when the linger time was over";
}

TEST_F(ClientApiTest, images_and_subscriptions_give_their_memory_back) {
    auto publication = aeron_->add_publication("aeron:ipc", kStream);
    auto subscription = aeron_->add_subscription("aeron:ipc", kStream);
    auto other = aeron_->add_subscription("aeron:ipc", kStream);
    turn();
    auto image = other->image_at(0);
    const std::string path = driver_->log_path(publication->registration_id());
    publication.reset();
    subscription.reset();
    turns(2);
    pass(2 * aeron_->context().resource_linger_ns);
    EXPECT_EQ(mappings_of(path), 1) << "an image of it is still held";
    EXPECT_EQ(image->poll([](ConstBytes, const Header&) {}, 1), 0);
    image.reset();
    other.reset();
    pass(2 * aeron_->context().resource_linger_ns);
    EXPECT_EQ(mappings_of(path), 0);
}

// ---- Counters.

TEST_F(ClientApiTest, counters_are_written_by_their_owner_and_followed_by_others) {
    auto counter = aeron_->add_counter(1000, bytes("key"), "label");
    EXPECT_EQ(counter->exchange(5), 0);
    EXPECT_EQ(counter->exchange(7), 5);
    counter->set_reference_id(99);
    counter->append_to_label(" more");
    const auto& counters = aeron_->counters_reader();
    EXPECT_EQ(counters.reference_id(counter->id()), 99);
    EXPECT_EQ(counters.find_by_registration_id(counter->registration_id()), counter->id());
    EXPECT_EQ(counters.find_by_registration_id(12345), memory::kNullCounterId);
    EXPECT_THAT(memory::counters_text(counters),
                HasSubstr(fmt::format("  1: {:20} - label more\n", 7)));

    const memory::ReadableCounter follower(counters, counter->id());
    EXPECT_EQ(follower.get(), 7);
    EXPECT_EQ(follower.label(), "label more");
    EXPECT_EQ(follower.registration_id(), counter->registration_id());
    EXPECT_FALSE(follower.is_closed());
    EXPECT_THROW(memory::ReadableCounter(counters, counter->id() + 1), Error);
    EXPECT_THROW(memory::ReadableCounter(counters, -1), Error);
    counter.reset();
    turns(2);
    EXPECT_TRUE(follower.is_closed());
    auto successor = aeron_->add_counter(1000, {}, "other");
    EXPECT_EQ(successor->id(), follower.id());
    EXPECT_TRUE(follower.is_closed()) << "it is another counter";
}

TEST_F(ClientApiTest, closed_counter_writes_into_nobody_elses) {
    auto counter = aeron_->add_counter(1000, {}, "label");
    counter->close();
    counter->set_reference_id(1);
    counter->append_to_label("x");
    EXPECT_EQ(counter->exchange(3), 0);
    EXPECT_EQ(driver_->counters().value(counter->id()), 0);
    EXPECT_EQ(driver_->counters().reference_id(counter->id()), 0);
    EXPECT_EQ(driver_->counters().label(counter->id()), "label");
}

// ---- Errors of publications.

TEST_F(ClientApiTest, publication_error_frame_tells_all_that_the_driver_says) {
    std::vector<PublicationErrorFrame> frames;
    auto ours = context();
    ours.publication_error_frame_handler = [&](const auto& frame) { frames.push_back(frame); };
    aeron_ = Aeron::connect(ours, platform_);
    const auto publication = aeron_->add_publication("aeron:ipc", kStream);
    wire::PublicationErrorResponse error;
    error.registration_id = publication->registration_id();
    error.destination_registration_id = 2;
    error.session_id = 3;
    error.stream_id = 4;
    error.receiver_id = 5;
    error.group_tag = 6;
    error.address_type = wire::PublicationErrorResponse::kIpv6;
    error.source_port = 65535;
    error.source_address[15] = std::byte{9};
    error.error_code = 13;
    driver_->send(ResponseId::on_publication_error, error);
    turn();
    ASSERT_EQ(frames.size(), 1U);
    const auto& frame = frames.front();
    EXPECT_EQ(frame.registration_id, publication->registration_id());
    EXPECT_EQ(frame.destination_registration_id, 2);
    EXPECT_EQ(frame.session_id, 3);
    EXPECT_EQ(frame.stream_id, 4);
    EXPECT_EQ(frame.receiver_id, 5);
    EXPECT_EQ(frame.group_tag, 6);
    EXPECT_EQ(frame.address_type, 2);
    EXPECT_EQ(frame.source_port, 65535);
    EXPECT_EQ(frame.source_address, error.source_address);
    EXPECT_EQ(frame.error_code, 13);
}

// ---- Without a client.

TEST_F(ClientApiTest, files_of_a_driver_are_read_also_when_it_is_dead) {
    memory::DistinctErrorLog log(aeron_->cnc_file().error_log());
    log.record(1000, "first");
    log.record(2000, "second");
    const auto report = platform_.storage.create_mapped(
        platform::join_path(driver_->aeron_directory(), memory::kLossReportFileName), 1 << 20, {});
    const auto entry = memory::LossReport(report->bytes())
                           .create_entry(64, 3000, 1, 2, "aeron:udp?endpoint=a:1", "b:2");
    EXPECT_TRUE(entry);
    const auto counter = aeron_->add_counter(1000, {}, "label");
    driver_beats_ = false;
    driver_->say_goodbye();

    const auto reader = CncReader::map_existing(platform_, driver_->aeron_directory(), 0);
    EXPECT_EQ(reader.file().version(), memory::kCncVersion);
    EXPECT_EQ(reader.file().driver_heartbeat_ms(), -1);
    EXPECT_EQ(reader.counters().label(counter->id()), "label");
    std::vector<std::string> texts;
    const auto collect = [&](const memory::ErrorObservation& each) {
        texts.emplace_back(each.text);
    };
    EXPECT_EQ(reader.read_error_log(collect, 1500), 1);
    EXPECT_THAT(texts, ElementsAre("second"));
    EXPECT_EQ(reader.read_error_log(collect), 2);
    EXPECT_EQ(reader.read_loss_report(
                  [](const memory::LossEntry& each) { EXPECT_EQ(each.total_bytes_lost, 64); }),
              1);
}

TEST_F(ClientApiTest, reader_says_what_it_did_not_find) {
    try {
        static_cast<void>(CncReader::map_existing(platform_, "/nowhere", 0));
        FAIL();
    } catch (const TimeoutError& timeout) {
        EXPECT_STREQ(timeout.what(), "CnC file not created: /nowhere/cnc.dat");
    }
    const auto reader = CncReader::map_existing(platform_, driver_->aeron_directory(), 0);
    EXPECT_EQ(reader.read_loss_report([](const memory::LossEntry&) {}), 0);
}

TEST_F(ClientApiTest, driver_is_asked_to_end_only_in_its_own_language) {
    const std::string& directory = driver_->aeron_directory();
    const std::vector<std::byte> token(kMaxTerminationTokenLength + 1);
    EXPECT_THROW(request_driver_termination(platform_, directory, token), InvalidArgument);
    EXPECT_TRUE(request_driver_termination(platform_, directory, ConstBytes(token).first(4096)));
    store(aeron_->cnc_file().bytes().data(), pack_version(1, 0, 0));
    EXPECT_THROW(request_driver_termination(platform_, directory, {}), Error);
}

/// A system with variables of the test's.
class Environment final : public platform::System {
  public:
    using Variables = std::vector<std::pair<std::string, std::string>>;
    Environment(platform::System& real, Variables variables)
        : real_(real), variables_(std::move(variables)) {}
    [[nodiscard]] std::int64_t process_id() const override { return real_.process_id(); }
    [[nodiscard]] bool process_alive(std::int64_t id) const override {
        return real_.process_alive(id);
    }
    [[nodiscard]] std::string user_name() const override { return "me"; }
    [[nodiscard]] std::string host_name() const override { return real_.host_name(); }
    [[nodiscard]] std::string temporary_directory() const override { return "/tmp"; }
    [[nodiscard]] std::optional<std::string> environment(std::string_view name) const override {
        for (const auto& [each, value] : variables_) {
            if (each == name) return value;
        }
        return std::nullopt;
    }
    [[nodiscard]] Variables environment() const override { return variables_; }

  private:
    platform::System& real_;
    Variables variables_;
};

TEST_F(ClientApiTest, context_of_the_environment) {
    Environment system(posix_.system, {{"AERON_DIR", "/somewhere"},
                                       {"AERON_DRIVER_TIMEOUT", "0x10"},
                                       {"AERON_CLIENT_NAME", "me"},
                                       {"AERON_CLIENT_IDLE_SLEEP_DURATION", "5ms"},
                                       {"AERON_CLIENT_RESOURCE_LINGER_DURATION", "7s"},
                                       {"AERON_CLIENT_PRE_TOUCH_MAPPED_MEMORY", "true"}});
    const platform::Platform platform{clock_, posix_.network, posix_.storage, posix_.random,
                                      system};
    auto ours = Context::from_environment(platform);
    EXPECT_EQ(ours.aeron_directory, "/somewhere");
    EXPECT_EQ(ours.driver_timeout_ns, 16 * kNanosPerMilli);
    EXPECT_EQ(ours.client_name, "me");
    EXPECT_EQ(ours.idle_sleep_duration_ns, 5 * kNanosPerMilli);
    EXPECT_EQ(ours.resource_linger_ns, 7 * kNanosPerSecond);
    EXPECT_TRUE(ours.pre_touch_mapped_memory);
    Context plain;
    plain.conclude(platform);
    EXPECT_EQ(plain.aeron_directory, "/somewhere");
    EXPECT_EQ(plain.client_name, "");
    Environment wrong(posix_.system, {{"AERON_DRIVER_TIMEOUT", "soon"}});
    const platform::Platform other{clock_, posix_.network, posix_.storage, posix_.random, wrong};
    EXPECT_THROW(Context::from_environment(other), ConfigurationError);

    const std::string random = random_aeron_directory(platform);
    EXPECT_THAT(random, HasSubstr("/aeron-me-"));
    EXPECT_NE(random, random_aeron_directory(platform));
}

}  // namespace
}  // namespace tern::client
