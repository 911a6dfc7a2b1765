from django.urls import path

from campaigns.propensity import views as propensity

app_name = "campaigns"
urlpatterns = [
    path("propensity/", propensity.models, name="propensity"),
    path("propensity/learn/", propensity.learn, name="propensity_learn"),
    path("propensity/<int:pk>/", propensity.decide, name="propensity_decide"),
]
