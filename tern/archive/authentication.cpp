#include "tern/archive/authentication.hpp"

namespace tern::archive {
namespace {

class PermissiveAuthenticator final : public Authenticator {
    void on_connect_request(std::int64_t, ConstBytes, std::int64_t) override {}
    void on_challenge_response(std::int64_t, ConstBytes, std::int64_t) override {}
    void on_connected_session(SessionProxy& proxy, std::int64_t) override {
        proxy.authenticate({});
    }
    void on_challenged_session(SessionProxy& proxy, std::int64_t) override {
        proxy.authenticate({});
    }
};

class FixedAnswer final : public AuthorisationService {
  public:
    explicit FixedAnswer(bool answer) : answer_(answer) {}
    bool is_authorised(std::int32_t, ConstBytes) override { return answer_; }

  private:
    bool answer_;
};

}  // namespace

std::unique_ptr<Authenticator> make_permissive_authenticator() {
    return std::make_unique<PermissiveAuthenticator>();
}

std::unique_ptr<AuthorisationService> make_allow_all() {
    return std::make_unique<FixedAnswer>(true);
}

std::unique_ptr<AuthorisationService> make_deny_all() {
    return std::make_unique<FixedAnswer>(false);
}

}  // namespace tern::archive
