from django.urls import path

from archives import views

app_name = "archives"
urlpatterns = [
    path("customers/<int:pk>/contacts/new/", views.contact_new, name="contact_new"),
    path("customers/<int:pk>/lobby-note/", views.lobby_note, name="lobby_note"),
]
