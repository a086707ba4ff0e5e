"""What a deployment costs a month: prices as data, amounts from the rendered template."""
