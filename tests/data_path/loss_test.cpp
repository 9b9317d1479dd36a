// Recovery from loss over the machine's real sockets, with the losses of upstream's own tests
// (DSR-18.4).
#include "tests/data_path/host.hpp"

namespace tern::data_path {
namespace {

using memory::SystemCounter;
namespace type = memory::counter_type;

class Loss : public Hosts {
  protected:
    void start_with(driver::LossConfig loss) {
        here = &start();
        driver::DriverContext context = quick_driver();
        context.incoming_loss = std::move(loss);
        there = &start(std::move(context));
    }
    /// Streams `count` messages from here to there.
    void stream(const std::string& publication_parameters, const std::string& parameters,
                std::int64_t count) {
        const std::string endpoint = "aeron:udp?endpoint=" + free_endpoint();
        Reader& reader = subscribe(*there, endpoint + parameters);
        const auto publication =
            here->aeron().add_exclusive_publication(endpoint + publication_parameters, kStream);
        await_connected(*publication, {&reader});
        flow(*publication, {&reader}, count);
        position = publication->position();
    }
    [[nodiscard]] std::int64_t resent() const {
        return (*here)[SystemCounter::retransmitted_bytes];
    }

    Host* here = nullptr;
    Host* there = nullptr;  ///< does not receive all
    std::int64_t position = 0;
};

TEST_F(Loss, RandomLossIsMadeGoodAndCostsLittleMoreThanWhatWasLost) {
    for (const auto& [rate, times] :
         {std::pair{0.001, 3.0}, std::pair{0.01, 3.0}, std::pair{0.1, 6.0}}) {
        SCOPED_TRACE(rate);
        start_with({.interceptors = "loss",
                    .loss_args = fmt::format("rate={}|seed=3405691582|recv-msg-mask=0x2", rate)});
        stream("", "", 5'000);
        EXPECT_GT((*there)[SystemCounter::nak_messages_sent], 0);
        const double lost = rate * static_cast<double>(position);
        EXPECT_LE(static_cast<double>(resent()), times * lost + 65'536);
        EXPECT_LE((*here)[SystemCounter::retransmits_sent],
                  (*there)[SystemCounter::nak_messages_sent]);
        std::printf("rate %g: %.0f bytes lost, %ld sent again, %ld NAKs\n", rate, lost, resent(),
                    (*there)[SystemCounter::nak_messages_sent]);
    }
}

TEST_F(Loss, LostControlFramesAreMadeGoodToo) {
    start_with({.interceptors = "loss", .loss_args = "rate=0.1|seed=7|recv-msg-mask=0x2"});
    driver::DriverContext context = quick_driver();
    context.incoming_loss = {.interceptors = "loss",
                             .loss_args = "rate=0.2|seed=8|recv-msg-mask=0x4c"};
    here = &start(std::move(context));
    stream("", "", 2'000);
}

TEST_F(Loss, ALongGapIsMadeGood) {
    start_with({.interceptors = "fixed-loss",
                .fixed_loss_args = "term-id=2|term-offset=102|length=100000"});
    stream("|term-length=1m|init-term-id=0|term-id=0|term-offset=0", "", 4'000);
    EXPECT_GE(resent(), 100'000);
    const std::int64_t naks = (*there)[SystemCounter::nak_messages_sent];
    EXPECT_GE(naks, 1);
    EXPECT_EQ(naks, there->counter(type::kReceiverNaksSent));
    EXPECT_EQ((*here)[SystemCounter::nak_messages_received],
              here->counter(type::kSenderNaksReceived));
    EXPECT_LE((*here)[SystemCounter::retransmits_sent], naks);
}

TEST_F(Loss, ManyShortGapsAreEachMadeGood) {
    start_with({.interceptors = "multi-gap-loss",
                .multi_gap_loss_args = "term-id=0|gap-radix=4096|gap-length=128|total-gaps=100"});
    stream("|term-length=1m|init-term-id=0|term-id=0|term-offset=0", "|nak-delay=50us", 1'000);
    EXPECT_GE((*here)[SystemCounter::retransmits_sent], 50);
    EXPECT_LE((*here)[SystemCounter::retransmits_sent], 200);
}

TEST_F(Loss, AnUnreliableStreamGoesOnOverItsGapsAndTellsHowMuchWasLost) {
    start_with({.interceptors = "loss", .loss_args = "rate=0.2|seed=3405691582|recv-msg-mask=0x2"});
    const std::string endpoint = "aeron:udp?endpoint=" + free_endpoint();
    const auto subscription =
        there->aeron().add_subscription(endpoint + "|reliable=false", kStream);
    const auto publication = here->aeron().add_exclusive_publication(endpoint, kStream);
    const std::vector<std::byte> message(1'000);
    std::int64_t offered = 0;
    std::int64_t received = 0;
    await(
        [&] {
            if (offered < 2'000 && publication->offer(message) > 0) ++offered;
            subscription->poll([&](ConstBytes, const client::Header&) { ++received; }, 100);
            return offered == 2'000 && subscription->image_at(0) != nullptr &&
                   subscription->image_at(0)->position() == publication->position();
        },
        "the end");
    EXPECT_LT(received, 2'000);
    EXPECT_GT(received, 1'000);
    EXPECT_GT((*there)[SystemCounter::loss_gap_fills], 100);
    EXPECT_EQ((*there)[SystemCounter::nak_messages_sent], 0);
}

}  // namespace
}  // namespace tern::data_path
