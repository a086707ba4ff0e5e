"""Why a template cannot be judged. Each is one line with the place, and exit code 2."""


class TemplateError(Exception):
    """The file is not a template that can be judged; the message names file, line and cause."""


class UnreadableTemplate(TemplateError):
    """The file is missing, is not YAML or JSON, or is not (yet) the CloudFormation template that AWS will use."""


class UnrenderableTemplate(TemplateError):
    """CloudFormation itself could not tell what this template creates, or this renderer cannot."""


class OnlyAwsKnows(UnrenderableTemplate):
    """A function of Rules that asks AWS about what a parameter names: a subnet's VPC, an account's key pairs."""
