"""Strava's error answers: https://developers.strava.com/docs/reference/#api-models-Fault."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response


class FaultError(Exception):
    """Leaves a handler as Strava's error shape."""

    def __init__(self, status: int, message: str, resource: str, field: str, code: str) -> None:
        super().__init__(f"{status} {message}: {resource}/{field}/{code}")
        self.status = status
        self.message = message
        self.error = {"resource": resource, "field": field, "code": code}

    def response(self) -> Response:
        return JSONResponse(
            {"message": self.message, "errors": [self.error]}, status_code=self.status
        )


def bad_request(resource: str, field: str, code: str = "invalid") -> FaultError:
    return FaultError(400, "Bad Request", resource, field, code)


def unauthorized(resource: str, field: str, code: str) -> FaultError:
    return FaultError(401, "Authorization Error", resource, field, code)


def not_found(resource: str, field: str = "", code: str = "not found") -> FaultError:
    return FaultError(404, "Resource Not Found", resource, field, code)


def rate_limited(field: str) -> FaultError:
    return FaultError(429, "Rate Limit Exceeded", "Application", field, "exceeded")


async def answer_fault(_request: Request, error: Exception) -> Response:
    if not isinstance(error, FaultError):
        raise error
    return error.response()


async def answer_http_error(_request: Request, error: Exception) -> Response:
    """Routing errors in Strava's shape."""
    if not isinstance(error, HTTPException):
        raise error
    if error.status_code == 404:  # noqa: PLR2004 - the status is its own name
        return not_found("Resource", "path", "invalid").response()
    return FaultError(
        error.status_code, error.detail, "Resource", "method", "not allowed"
    ).response()
