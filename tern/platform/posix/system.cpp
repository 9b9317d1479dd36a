#include "tern/platform/posix/system.hpp"

#include <pwd.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>

namespace tern::platform::posix {

std::int64_t PosixSystem::process_id() const { return ::getpid(); }

bool PosixSystem::process_alive(std::int64_t process_id) const {
    if (process_id <= 0 || process_id > INT_MAX) return false;
    // EPERM: it is there, but belongs to somebody else.
    return ::kill(static_cast<pid_t>(process_id), 0) == 0 || errno == EPERM;
}

std::string PosixSystem::user_name() const {
    std::array<char, 4096> buffer{};
    passwd entry{};
    passwd* found = nullptr;
    if (::getpwuid_r(::getuid(), &entry, buffer.data(), buffer.size(), &found) == 0 && found) {
        return found->pw_name;
    }
    if (const auto user = environment("USER")) return *user;
    return std::to_string(::getuid());
}

std::string PosixSystem::host_name() const {
    std::array<char, HOST_NAME_MAX + 1> name{};
    if (::gethostname(name.data(), name.size() - 1) != 0) return "localhost";
    return name.data();
}

std::string PosixSystem::temporary_directory() const {
    return environment("TMPDIR").value_or("/tmp");
}

std::optional<std::string> PosixSystem::environment(std::string_view name) const {
    const char* value = ::getenv(std::string(name).c_str());
    if (value == nullptr) return std::nullopt;
    return value;
}

std::vector<std::pair<std::string, std::string>> PosixSystem::environment() const {
    std::vector<std::pair<std::string, std::string>> variables;
    for (char** entry = ::environ; entry != nullptr && *entry != nullptr; ++entry) {
        const std::string_view text = *entry;
        const auto equals = text.find('=');
        if (equals == std::string_view::npos) continue;
        variables.emplace_back(text.substr(0, equals), text.substr(equals + 1));
    }
    return variables;
}

}  // namespace tern::platform::posix
