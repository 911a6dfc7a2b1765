from django.urls import path

from campaigns.propensity import views as propensity
from campaigns.retention import views as retention

app_name = "campaigns"
urlpatterns = [
    path("retention/", retention.page, name="retention"),
    path("campaigns/propensity/", propensity.models, name="propensity"),
    path("campaigns/propensity/learn/", propensity.learn, name="propensity_learn"),
    path("campaigns/propensity/<int:pk>/", propensity.decide, name="propensity_decide"),
]
