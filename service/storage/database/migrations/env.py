"""Run the migrations on the connection that schema.py hands over; there is no other way to run them."""

from alembic import context

from service.storage.database.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
