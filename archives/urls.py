from django.urls import path

from archives import views

app_name = "archives"
urlpatterns = [path("customers/<int:pk>/contacts/new/", views.contact_new, name="contact_new")]
