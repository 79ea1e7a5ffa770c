// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/filter.h"

#include "loader/host_network.h"

#include <algorithm>
#include <fmt/format.h>
#include <net/if.h>
#include <utility>

namespace portscan {
namespace {

bool contains(const std::vector<std::string> &names, const std::string &name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

void forget(std::vector<std::string> &names, const std::string &name) {
    names.erase(std::remove(names.begin(), names.end(), name), names.end());
}

/// True where the kernel shows an interface of that name here.
bool exists(const std::string &interface) {
    return if_nametoindex(interface.c_str()) != 0;
}

} // namespace

Filter::Filter(const PinDirectory &directory, std::function<void(std::string_view)> say) :
    directory_{directory},
    say_{std::move(say)} {}

void Filter::apply(const FilterPlan &plan) {
    open_pinned();
    require_attachable(plan);
    auto next = std::make_unique<Adoption>(directory_, plan.options);
    next->control().allowlist.replace(AllowOrigin::config, plan.options.allow);
    adoption_.swap(next);
    plan_ = plan;
    renew_auto_allow();
    given_up_.clear();
    update_links();
    adoption_->complete();
    for (const auto &note : adoption_->notes()) say_(note);
    try {
        attach_wanted(plan.await_absent);
    } catch (...) {
        if (!adoption_->found_state()) unpin_detector(directory_);
        throw;
    }
    drop_unwanted();
}

void Filter::renew_auto_allow() {
    auto_allow_is_new_ = true;
    if (!plan_.find_auto_allow) return;
    if (const auto prefixes = plan_.find_auto_allow())
        adoption_->control().allowlist.replace(AllowOrigin::automatic, *prefixes);
}

/// Before anything is changed: what attaching would refuse.
void Filter::require_attachable(const FilterPlan &plan) {
    if (plan.await_absent) return;
    for (const auto &interface : wanted(plan)) {
        const Attachment *const present = find(interface);
        if (present == nullptr || !present->is_current()) Attachment::require_free(interface);
    }
}

/// Those of an earlier process. Links that this one made are known already.
void Filter::open_pinned() {
    for (const auto &interface : pinned_interfaces(directory_)) {
        if (find(interface) != nullptr) continue;
        if (auto attachment = Attachment::open(directory_, interface)) {
            attachments_.push_back(std::move(*attachment));
            say_(fmt::format("{} is filtered already", interface));
        } else {
            say_(fmt::format("{} is gone: forgot its link", interface));
        }
    }
}

void Filter::update_links() {
    std::vector<std::string> gone;
    for (auto &attachment : attachments_)
        if (!attachment.update(adoption_->detector().program()))
            gone.push_back(attachment.interface());
    for (const auto &interface : gone) drop(interface);
}

std::vector<std::string> Filter::wanted(const FilterPlan &plan) const {
    std::vector<std::string> names;
    for (const auto &word : plan.interfaces) {
        if (word != default_route_word) {
            if (!contains(names, word)) names.push_back(word);
            continue;
        }
        auto routes = default_route_interfaces();
        if (!routes.empty()) default_routes_ = std::move(routes);
        for (const auto &name : default_routes_)
            if (!contains(names, name)) names.push_back(name);
    }
    return names;
}

bool Filter::has_wrong_mode(const Attachment &attachment) const {
    return (plan_.mode == AttachMode::native && attachment.mode() != XdpMode::native) ||
           (plan_.mode == AttachMode::skb && attachment.mode() != XdpMode::skb);
}

/// The links of interfaces that are attached already stay. New ones are pinned only when all are
/// there, so that a refusal leaves nothing behind.
void Filter::attach_wanted(bool may_await) {
    std::vector<Attachment> created;
    for (const auto &interface : wanted(plan_)) {
        if (contains(given_up_, interface)) continue;
        if (Attachment *const present = find(interface)) {
            if (present->is_current() && !has_wrong_mode(*present)) continue;
            say_(present->is_current()
                     ? fmt::format("{}: attached anew in {} mode", interface, to_string(plan_.mode))
                     : fmt::format("{} is another interface than before, or has another name now",
                                   interface));
            drop(interface);
        }
        if (auto attachment = attach_one(interface, may_await))
            created.push_back(std::move(*attachment));
    }
    for (auto &attachment : created) {
        if (plan_.hold_new)
            held_.push_back(attachment.interface());
        else
            attachment.pin(directory_);
        attachments_.push_back(std::move(attachment));
    }
}

std::optional<Attachment> Filter::attach_one(const std::string &interface, bool may_await) {
    if (may_await && !exists(interface)) return std::nullopt;
    if (!auto_allow_is_new_) renew_auto_allow();
    try {
        auto attachment =
            Attachment::create(interface, adoption_->detector().program(), plan_.mode);
        say_(fmt::format("attached to {} in {} mode{}{}", interface, to_string(attachment.mode()),
                         attachment.fallback_reason().empty() ? "" : ": ",
                         attachment.fallback_reason()));
        return attachment;
    } catch (const AttachError &error) {
        if (!may_await) throw;
        if (!exists(interface)) return std::nullopt; // gone again meanwhile
        say_(error.what());
        given_up_.push_back(interface);
        return std::nullopt;
    }
}

void Filter::drop_unwanted() {
    if (plan_.keep_others || plan_.interfaces.empty()) return;
    const auto names = wanted(plan_);
    if (names.empty()) return;
    std::vector<std::string> others;
    for (const auto &attachment : attachments_)
        if (!contains(names, attachment.interface())) others.push_back(attachment.interface());
    for (const auto &interface : others) {
        say_(fmt::format("detached from {}, which is not asked for any more", interface));
        find(interface)->detach();
        drop(interface);
    }
}

/// Forgets a link. Where it is the last to hold it, that detaches.
void Filter::drop(const std::string &interface) {
    if (!is_held(interface)) directory_.unpin(link_pin_name(interface));
    forget(held_, interface);
    attachments_.erase(
        std::remove_if(attachments_.begin(), attachments_.end(),
                       [&](const auto &attachment) { return attachment.interface() == interface; }),
        attachments_.end());
}

void Filter::reconcile() {
    auto_allow_is_new_ = false;
    std::vector<std::string> gone;
    const auto pinned = pinned_interfaces(directory_);
    for (const auto &attachment : attachments_) {
        const std::string &interface = attachment.interface();
        if (attachment.ifindex() == 0 && exists(interface)) {
            gone.push_back(interface); // another one of its name has come
        } else if (attachment.ifindex() == 0) {
            say_(fmt::format("{} is gone: waiting for it to come back", interface));
            gone.push_back(interface);
        }
        if (is_held(interface) || contains(pinned, interface)) continue;
        say_(fmt::format("{} was unloaded", interface));
        given_up_.push_back(interface);
        if (!contains(gone, interface)) gone.push_back(interface);
    }
    for (const auto &interface : gone) drop(interface);
    std::vector<std::string> retry;
    for (const auto &interface : given_up_)
        if (exists(interface)) retry.push_back(interface);
    given_up_ = std::move(retry); // one that comes back is tried again
    attach_wanted(true);
    drop_unwanted();
}

bool Filter::is_held(const std::string &interface) const {
    return contains(held_, interface);
}

bool Filter::holds_links() const {
    return !held_.empty();
}

void Filter::pin_held() {
    for (const auto &interface : held_)
        if (const Attachment *const attachment = find(interface)) attachment->pin(directory_);
    held_.clear();
    plan_.hold_new = false;
}

void Filter::detach_held() {
    for (const auto &interface : std::exchange(held_, {})) {
        if (Attachment *const attachment = find(interface)) attachment->detach();
        drop(interface);
    }
}

void Filter::detach_all() {
    for (auto &attachment : attachments_) {
        attachment.detach();
        if (!is_held(attachment.interface()))
            directory_.unpin(link_pin_name(attachment.interface()));
    }
    held_.clear();
    attachments_.clear();
}

Attachment *Filter::find(const std::string &interface) {
    const auto found =
        std::find_if(attachments_.begin(), attachments_.end(),
                     [&](const auto &attachment) { return attachment.interface() == interface; });
    return found == attachments_.end() ? nullptr : &*found;
}

} // namespace portscan
