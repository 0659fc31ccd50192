from django.urls import path
from rest_framework.generics import CreateAPIView
from rest_framework.serializers import ModelSerializer

from benchmarks.baseline_drf.models import Submitted


class SubmittedSerializer(ModelSerializer[Submitted]):
    class Meta:
        model = Submitted
        fields = "__all__"


class Submit(CreateAPIView[Submitted]):
    queryset = Submitted.objects.all()
    serializer_class = SubmittedSerializer


urlpatterns = [path("submitted", Submit.as_view())]
