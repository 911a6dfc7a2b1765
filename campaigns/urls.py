from django.urls import path

from campaigns import call_views, result_views, views
from campaigns.entitlements import views as entitlements
from campaigns.propensity import views as propensity
from campaigns.prospects import prospect_views
from campaigns.prospects import views as lobby_views
from campaigns.retention import views as retention
from campaigns.seasons import target_views as targets
from campaigns.seasons import views as seasons

app_name = "campaigns"
urlpatterns = [
    path("customers/<int:pk>/refer/", lobby_views.call_for_customer, name="refer"),
    path("customers/<int:pk>/introductions/", prospect_views.customer_introductions, name="introductions"),
    path("customers/<int:pk>/refer/colleague/", lobby_views.refer_across, name="refer_across"),
    path("prospects/", prospect_views.prospect_list, name="prospects"),
    path("prospects/new/", prospect_views.prospect_new, name="prospect_new"),
    path("prospects/<int:pk>/", prospect_views.prospect, name="prospect"),
    path("prospects/<int:pk>/stage/", prospect_views.prospect_move, name="prospect_move"),
    path("prospects/<int:pk>/manager/", prospect_views.prospect_give, name="prospect_give"),
    path("prospects/<int:pk>/forget/", prospect_views.prospect_forget, name="prospect_forget"),
    path("prospects/<int:pk>/reveal/", prospect_views.prospect_reveal, name="prospect_reveal"),
    path("prospects/<int:pk>/refer/", lobby_views.call_for_prospect, name="prospect_refer"),
    path("referrals/", lobby_views.referral_list, name="referrals"),
    path("referrals/waiting/", lobby_views.waiting, name="waiting"),
    path("referrals/<int:pk>/<slug:verb>/", lobby_views.referral_act, name="referral_act"),
    path("presence/", lobby_views.presence_say, name="presence"),
    path("lobby/handover/", lobby_views.hand_over, name="hand_over"),
    path("lobby/handover/<int:pk>/take/", lobby_views.take_over, name="take_over"),
    path("campaigns/", views.campaign_list, name="list"),
    path("retention/", retention.page, name="retention"),
    path("campaigns/new/", views.campaign_new, name="new"),
    path("campaigns/<int:pk>/", views.campaign, name="campaign"),
    path("campaigns/<int:pk>/edit/", views.campaign_edit, name="edit"),
    path("campaigns/<int:pk>/calls/", call_views.call_list, name="calls"),
    path("campaigns/<int:pk>/calls/next/", call_views.call_next, name="call_next"),
    path("campaigns/<int:pk>/calls/<int:member_pk>/", call_views.call, name="call"),
    path("campaigns/<int:pk>/result/", result_views.campaign_result, name="result"),
    path("campaigns/<int:pk>/result/file/", result_views.result_file, name="result_file"),
    path("campaigns/<int:pk>/<slug:verb>/", views.campaign_change, name="change"),
    path("campaigns/calendar/", seasons.calendar, name="calendar"),
    path("campaigns/targets/", targets.target_list, name="targets"),
    path("campaigns/targets/new/", targets.target_new, name="target_new"),
    path("campaigns/targets/<int:pk>/", targets.target, name="target"),
    path("campaigns/targets/<int:pk>/split/", targets.target_split, name="target_split"),
    path("campaigns/targets/<int:pk>/<slug:verb>/", targets.target_change, name="target_change"),
    path("entitlements/", entitlements.branch_ledger, name="ledger"),
    path("entitlements/entries/<int:pk>/reverse/", entitlements.entry_reverse, name="entry_reverse"),
    path("entitlements/requests/<int:pk>/<slug:verb>/", entitlements.points_decide, name="points_decide"),
    path("customers/<int:pk>/entitlements/", entitlements.customer_ledger, name="customer_ledger"),
    path("customers/<int:pk>/entitlements/use/", entitlements.use, name="entitlement_use"),
    path("customers/<int:pk>/points/", entitlements.points_give, name="points_give"),
    path("campaigns/propensity/", propensity.models, name="propensity"),
    path("campaigns/propensity/learn/", propensity.learn, name="propensity_learn"),
    path("campaigns/propensity/<int:pk>/", propensity.decide, name="propensity_decide"),
]
