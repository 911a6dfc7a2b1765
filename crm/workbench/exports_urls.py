from django.urls import path

from crm.workbench import archive_word, exports

app_name = "exports"
urlpatterns = [
    path("", exports.export_list, name="list"),
    path("new/", exports.export_new, name="new"),
    path("archives/<int:pk>/", archive_word.archive_export, name="archive"),
    path("<int:pk>/", exports.export, name="export"),
    path("<int:pk>/progress/", exports.export_progress, name="progress"),
    path("<int:pk>/approve/", exports.export_approve, name="approve"),
    path("<int:pk>/refuse/", exports.export_refuse, name="refuse"),
    path("<int:pk>/withdraw/", exports.export_withdraw, name="withdraw"),
    path("<int:pk>/file/", exports.export_file, name="file"),
]
