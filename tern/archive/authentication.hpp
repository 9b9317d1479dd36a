#pragma once
// Who may connect to the archive, and who may do what (ARC-3 of chapter 41).
//
// Thread safety: both interfaces are called on the archive conductor only; one instance each per
// archive, made by the suppliers in the ArchiveContext.

#include <cstdint>
#include <functional>
#include <memory>

#include "tern/base/bytes.hpp"

namespace tern::archive {

/// A session as its authenticator sees it. Valid only during the call that handed it over.
class SessionProxy {
  public:
    virtual ~SessionProxy() = default;
    [[nodiscard]] virtual std::int64_t session_id() const = 0;
    /// False when it could not be sent now; the authenticator is asked again.
    virtual bool challenge(ConstBytes encoded_challenge) = 0;
    virtual bool authenticate(ConstBytes encoded_principal) = 0;
    virtual void reject() = 0;
};

class Authenticator {
  public:
    virtual ~Authenticator() = default;
    /// Once per session, with the credentials of the connect request (maybe empty).
    virtual void on_connect_request(std::int64_t session_id, ConstBytes encoded_credentials,
                                    std::int64_t now_ms) = 0;
    virtual void on_challenge_response(std::int64_t session_id, ConstBytes encoded_credentials,
                                       std::int64_t now_ms) = 0;
    /// Every 200 ms until it acts on the proxy.
    virtual void on_connected_session(SessionProxy& proxy, std::int64_t now_ms) = 0;
    /// Every duty cycle while the session is challenged.
    virtual void on_challenged_session(SessionProxy& proxy, std::int64_t now_ms) = 0;
};

class AuthorisationService {
  public:
    virtual ~AuthorisationService() = default;
    /// `action_id` is the template id of the request (schema 101). The principal is empty before
    /// authentication.
    [[nodiscard]] virtual bool is_authorised(std::int32_t action_id,
                                             ConstBytes encoded_principal) = 0;
};

using AuthenticatorSupplier = std::function<std::unique_ptr<Authenticator>()>;
using AuthorisationServiceSupplier = std::function<std::unique_ptr<AuthorisationService>()>;

/// Authenticates everyone with an empty principal.
[[nodiscard]] std::unique_ptr<Authenticator> make_permissive_authenticator();
[[nodiscard]] std::unique_ptr<AuthorisationService> make_allow_all();
/// Refuses every request, keep-alives included.
[[nodiscard]] std::unique_ptr<AuthorisationService> make_deny_all();

}  // namespace tern::archive
